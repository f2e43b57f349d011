"""Names of sites, apps and companies beside their domains, in Latin and other scripts, for the search."""

from collections.abc import Mapping

APPS: Mapping[str, tuple[str, ...]] = {
    "bbc.com": ("BBC", "British Broadcasting Corporation", "ББС", "بی‌بی‌سی"),
    "bbc.co.uk": ("BBC", "British Broadcasting Corporation"),
    "chosun.com": ("Chosun Ilbo", "조선일보"),
    "donga.com": ("Dong-A Ilbo", "동아일보"),
    "facebook.com": ("Facebook", "Meta", "페이스북", "Фейсбук", "فیسبوک", "脸书"),
    "github.com": ("GitHub", "Microsoft GitHub"),
    "google.com": ("Google", "구글", "Гугл", "谷歌"),
    "instagram.com": ("Instagram", "Insta", "인스타그램", "Инстаграм", "اینستاگرام"),
    "linkedin.com": ("LinkedIn",),
    "medium.com": ("Medium",),
    "nytimes.com": ("New York Times", "NYT", "纽约时报"),
    "reddit.com": ("Reddit",),
    "rferl.org": ("Radio Free Europe", "Radio Liberty", "RFE/RL", "Радио Свобода"),
    "signal": ("Signal",),
    "signal.org": ("Signal",),
    "telegram": ("Telegram", "텔레그램", "Телеграм", "تلگرام"),
    "telegram.org": ("Telegram", "텔레그램", "Телеграм", "تلگرام"),
    "tiktok.com": ("TikTok", "틱톡", "抖音"),
    "tor": ("Tor", "Tor Browser", "The Onion Router"),
    "torproject.org": ("Tor", "Tor Browser", "Tor Project"),
    "twitter.com": ("Twitter", "X", "트위터", "Твиттер", "توییتر", "推特"),
    "viber.com": ("Viber",),
    "voanews.com": ("Voice of America", "VOA", "미국의 소리"),
    "whatsapp": ("WhatsApp", "왓츠앱", "Ватсап", "واتساپ"),
    "whatsapp.com": ("WhatsApp", "왓츠앱", "Ватсап", "واتساپ"),
    "wikipedia.org": ("Wikipedia", "위키백과", "Википедия", "ویکی‌پدیا", "维基百科"),
    "x.com": ("X", "Twitter"),
    "yna.co.kr": ("Yonhap", "Yonhap News", "연합뉴스"),
    "youtube.com": ("YouTube", "Google YouTube", "유튜브", "Ютуб", "یوتیوب"),
}


def names_of(target: str) -> tuple[str, ...]:
    """Return the other names of a target; none for one that the table does not have."""
    return APPS.get(target, ())
