"""Every number that a verdict hangs on, with its unit and the reason for its value."""

LENGTH_RATIO_DIFFERENT = 0.5
"""Shorter body over longer one, below which two pages differ in length. OONI takes 0.7; pages that are made
anew on each load pass that now and then, block pages are a tenth of most sites' size."""

LENGTH_RATIO_SAME = 0.8
"""Above this ratio of lengths, pages of the same status are taken for the same page."""

OWN_LENGTH_RATIO = 0.7
"""Ratio of lengths from which a page may be the control's own (OONI ts-017); one of two signs that are asked
for."""

SHORT_BODY_BYTES = 1_000
"""Bytes under which the length of the control's page tells little: error pages and notices are all that long.
Only lengths that are nearly equal are a sign then."""

SHORT_LENGTH_RATIO = 0.97
"""Ratio of lengths from which two short pages are taken for the same one."""

NOTICE_TEXT_CHARACTERS = 2_500
"""Characters of text, without tags and scripts, up to which a page may be nothing but a notice. Block pages
have a few hundred, the longest with articles of law and forms of appeal some two thousand; an article that
quotes one has more."""

SHORT_TEXT_CHARACTERS = 600
"""Characters of text up to which a page leaves no space for anything that quotes the words it holds."""

TITLE_WORD_LENGTH = 4
"""Letters from which a word of a title tells two pages apart: shorter ones are articles and prepositions."""

USUAL_TIMEOUT_S = 10.0
"""Seconds that OONI's probe waits for a connect or a handshake; taken where a probe does not say."""

SHORT_TIMEOUT_S = 5.0
"""A time-out shorter than this, in seconds, leaves no room for the kernel's second and third retransmission
(1 s, 3 s): then one time-out alone accuses nobody."""

LAG_SHARE = 0.25
"""Share of the shortest time-out from which the probe's own lag may be the cause of a time-out."""

SILENT_QUERIES = 2
"""Unanswered unencrypted queries from which silence counts: one datagram gets lost and is not sent again."""

THROTTLE_RATIO = 10.0
"""Factor by which a throttled download is slower than another name over the same network.
Policers seen in the field leave 130 to 150 kbit/s of several Mbit/s; congestion seldom costs a factor of ten
on one name alone."""

THROTTLE_CONTROL_RATIO = 3.0
"""A page that comes to the control, too, at less than so many times the rate is slow by itself."""

THROTTLE_MARKED_RATIO = 4.0
"""The same factor where the kernel's counts of a second pair of transfers show policing or shaping, and that
pair differs by as much: on a loaded machine everything comes more slowly, and a page of a limited rate does
not. Throttled pages of the lab's score at a load of ten on two cores: 5.2 to 24; ten is asked for else."""

THROTTLE_MARKED_CONTROL_RATIO = 2.0
"""The same for the control: a narrow line of the server gives the control the same rate. In those runs
2.0 to 9."""

CONTROL_ALIKE_RATIO = 2.0
"""Factor by which the twin must come faster to the control than the page for its rate to tell anything of the
site: a helper to which both come alike is slow itself."""

THROTTLE_FLOOR_BPS = 256_000.0
"""A download faster than this, in bits a second, is not called throttled: pages still load."""

THROTTLE_MIN_BYTES = 16_384
"""Bytes that a transfer must have for its rate to say anything: below, TCP's slow start decides."""

PACED_SKEW = 0.3
"""Share by which bytes may run ahead of time, or behind it, in a page that came evenly. A page that a server
makes slowly comes at once after a wait, or in a few heaps: 0.33 and more; what is held at 130 kbit/s stays
below 0.25, the bucket that was full at its beginning included."""

PACED_ALIKE = 1.5
"""Factor within which the rates of pages lie that one limit holds back: a policer's losses cost each flow a
different share. Twitter's hosts in Russia, 2021: 130 to 150 kbit/s (Xue et al.)."""

PACED_SITES = 3
"""Targets of one report that must be held at one rate: two slow origins behind one content network may be
slow alike by chance."""

EARLY_SHARE = 0.6
"""A reset that comes within this share of the shortest round trip ever seen to the address was not sent from
there. Queues only lengthen round trips; the rest is room for one that was lengthened in every connection."""

EARLY_TIMES = 2
"""So many resets must have been early, and none late: one round trip may be mistaken."""

SHORTEST_RTT_MS = 5.0
"""Milliseconds; of shorter round trips nothing can be told: the probe's own clock is that uneven."""

HOPS_APART = 2
"""Hops by which a censor that answers or cuts must be nearer than the server: load balancing gives packets of
one destination paths that differ by a hop."""

HANDSHAKE_RATIO = 10.0
"""Factor by which a slowed TLS handshake takes longer than another name's."""

HANDSHAKE_FLOOR_MS = 3_000.0
"""A handshake faster than this, in milliseconds, is not called slowed; satellite links take a second."""

PARTLY_SHARE = 0.5
"""Share of an application's endpoints from which it is not said to work: programs try a few of a list, and
one that fails as often as not keeps people waiting. Telegram in Brazil, April 2023: four of six cut."""

PARTLY_ENDPOINTS = 3
"""Endpoints that this must be a share of: of two, one may be in repair."""

MOSTLY_SHARE = 0.8
"""Share from which somebody is taken to have named the endpoints one by one, and missed some. Tor in one
field case: 31 of 35 time out."""

MOSTLY_ENDPOINTS = 10
"""Endpoints that this must be a share of: an outage takes one centre's machines, not those of ten."""

ALIKE_SITES = 5
"""Sites, by registrable domain, that must be answered alike before a report is taken to be behind a gateway.
Whoever measures a list meets sites that nobody blocks long before the fifth; two or three that are blocked
with one page are what people measure by hand."""

MARK_DIGITS = 24
"""Hexadecimal digits of a hash that stand in an answer's mark: 96 bits, shared by no two pages by chance."""

DEFECT_NETWORKS = 3
"""Networks on which a version must fail before it is suspected: two may share an upstream that interferes."""

DEFECT_MEASUREMENTS = 10
"""Measurements that a version, and all others together, must have: of fewer no share is worth much."""

DEFECT_FAILING_SHARE = 0.8
"""Share of a version's measurements that must fail: over all its networks, and on each that is counted."""

DEFECT_OTHERS_SHARE = 0.2
"""Share of the other versions' measurements that may fail, on the same networks where there are any."""
