"""`banwatch probe`: measure from here."""

import os
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def probe(
        urls: Annotated[list[str] | None, typer.Argument(help="URLs or names to measure.")] = None,
        lists: Annotated[
            list[str] | None,
            typer.Option(
                "--list",
                metavar="FILE|CC|URL",
                help="File with one URL a line, or a Citizen Lab CSV; a country code (or global), for its "
                "imported list; or an https:// address of such a file. May be repeated.",
            ),
        ] = None,
        ban: Annotated[
            str | None, typer.Option(help="Measure what an announced ban names, such as dprk-2016.")
        ] = None,
        nettest: Annotated[
            list[str] | None,
            typer.Option(
                metavar="NAME[=INPUT]",
                help="Nettest to run too: telegram, whatsapp, signal, dnscheck, ...; may be repeated. Some "
                "take an input of your own: dnscheck=dot://dns.example, stunreachability=stun://host:3478.",
            ),
        ] = None,
        category: Annotated[
            str, typer.Option(help="Measure only these categories of lists: NEWS,HUMR.")
        ] = "",
        risky: Annotated[
            str,
            typer.Option(
                help="Categories to measure although they may endanger you here: GMB,PORN; "
                "UNKNOWN is what a list gives no known category."
            ),
        ] = "",
        helper: Annotated[
            str | None,
            typer.Option(
                help="URL of a helper, which measures the same from elsewhere.", envvar="BANWATCH_HELPER"
            ),
        ] = None,
        resolver: Annotated[
            list[str] | None, typer.Option(help="Public resolver to ask over UDP, ip:port; may be repeated.")
        ] = None,
        dot: Annotated[
            list[str] | None, typer.Option(help="Resolver to ask inside TLS, ip:port; may be repeated.")
        ] = None,
        doh: Annotated[
            list[str] | None,
            typer.Option(help="Resolver to ask inside HTTPS, an address; may be repeated."),
        ] = None,
        http3: Annotated[
            str, typer.Option(help="Fetch over HTTP/3 too: offered (where sites say so), always, never.")
        ] = "offered",
        twin: Annotated[
            str | None,
            typer.Option(help="Page to compare slow ones with; else bytes that the helper makes up."),
        ] = None,
        cc: Annotated[str, typer.Option(help="Country you are in, such as KP.")] = "ZZ",
        asn: Annotated[str, typer.Option(help="Network you are on, such as AS131279.")] = "AS0",
        network: Annotated[str, typer.Option(help="Name of that network.")] = "",
        tier: Annotated[str, typer.Option(help="Access tier, such as visitor.")] = "",
        ca_file: Annotated[
            Path | None, typer.Option(help="PEM file of the authorities to trust; else Mozilla's list.")
        ] = None,
        own_address: Annotated[
            list[str] | None,
            typer.Option(
                help="Your public address, to be kept out of all that is written; may be repeated.",
                envvar="BANWATCH_OWN_ADDRESS",
            ),
        ] = None,
        parallel: Annotated[
            int, typer.Option(min=1, max=1000, help="Number of measurements at the same time.")
        ] = 20,
        stealth: Annotated[
            bool, typer.Option(help="Measure few inputs at a time, at a slow and uneven pace.")
        ] = False,
        follow_ups: Annotated[
            bool, typer.Option(help="Take further steps where a result is suspicious.")
        ] = True,
        rest: Annotated[
            str,
            typer.Option(
                help="Pause after a cut connection before another name is tried at the same address."
            ),
        ] = "60s",
        watch: Annotated[
            str | None, typer.Option(help="Interval after which all is measured again: 6h.")
        ] = None,
        max_runtime: Annotated[
            str | None, typer.Option(help="Time after which no measurement begins: 30m.")
        ] = None,
        budget: Annotated[
            str | None, typer.Option(help="Traffic after which no measurement begins: 200MB.")
        ] = None,
        out: Annotated[
            Path | None, typer.Option(help="Append measurements to this file, readable by whoever has it.")
        ] = None,
        spool: Annotated[
            Path | None,
            typer.Option(help="Keep measurements sealed in this directory.", envvar="BANWATCH_SPOOL"),
        ] = None,
        collector_key: Annotated[
            str | None, typer.Option(help="The collector's public key; once for each spool.")
        ] = None,
        consent: Annotated[
            bool, typer.Option("--i-understand", help="Agree to the question that the first run asks.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="One verdict a line, as JSON.")] = False,
    ) -> None:
        """Measure sites from this computer, and say what stands in the way of those that do not open."""
        from functools import partial

        from banwatch.bans import load_bans
        from banwatch.cli.views.consent import ask_consent, say_limits
        from banwatch.cli.views.messages import note
        from banwatch.cli.views.probe_run import choose_view
        from banwatch.model.lab_marks import read_marks
        from banwatch.probe.inputs.choose import choose_inputs
        from banwatch.probe.inputs.sources import is_fetched
        from banwatch.probe.nettests.choose import choose_nettests
        from banwatch.probe.parse_settings import EncryptedResolvers, parse_settings
        from banwatch.probe.quantities import parse_duration_s
        from banwatch.probe.run import Outputs, parse_limits, run_probe
        from banwatch.probe.spool.spool import Spool
        from banwatch.reference import load

        settings = parse_settings(
            cc=cc,
            asn=asn,
            network=network,
            tier=tier,
            helper=helper,
            resolvers=resolver or [],
            encrypted=EncryptedResolvers(dot=tuple(dot or ()), doh=tuple(doh or ())),
            http3=http3,
            twin=twin,
            ca_file=ca_file,
            parallel=parallel,
            stealth=stealth,
            follow_ups=follow_ups,
            rest_s=parse_duration_s(rest),
            own_addresses=own_address or [],
            lab=read_marks(os.environ),
        )
        nettests = choose_nettests(nettest or [])
        if any(map(is_fetched, lists or [])):
            ask_consent(consent)  # whoever watches the network sees that a list is fetched
        inputs = choose_inputs(
            urls or [],
            lists or [],
            ban,
            category=category,
            risky=risky,
            settings=settings,
            required=not nettests,
            load_bans=load_bans,
            note=note,
        )
        limits = parse_limits(max_runtime=max_runtime, budget=budget, watch=watch)
        ask_consent(consent)
        say_limits(settings, out, spool)
        outputs = Outputs(path=out, spool=Spool(spool, collector_key) if spool is not None else None)
        run_probe(inputs, nettests, settings, limits, outputs, load, partial(choose_view, as_json=as_json))
