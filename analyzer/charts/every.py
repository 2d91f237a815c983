"""Which charts does a case have, in the order a reader meets them?"""

from __future__ import annotations

from collections.abc import Callable, Collection

from analyzer.case import Case
from analyzer.charts import style
from analyzer.charts.bandwidth import bandwidth
from analyzer.charts.before_after import before_after
from analyzer.charts.carried import carried
from analyzer.charts.cost_drivers import cost_drivers
from analyzer.charts.cost_items import cost_items
from analyzer.charts.cost_over_time import cost_over_time
from analyzer.charts.counted import counted
from analyzer.charts.destinations import destinations
from analyzer.charts.five_minutes import TRAFFIC, five_minutes
from analyzer.charts.ground import Ground, frame
from analyzer.charts.harmed_mail import harmed_mail
from analyzer.charts.incident import incident
from analyzer.charts.receivers_answers import receivers_answers
from analyzer.charts.recipient_domains import recipient_domains
from analyzer.charts.relayed_mail import relayed_mail
from analyzer.charts.source_hours import source_hours
from analyzer.charts.style import Chart
from analyzer.charts.top_sources import top_sources


def draw(case: Case, only: Collection[str] = ()) -> list[Chart]:
    """As `analyzer.charts.draw`."""
    ground = Ground.of(case)
    volume = counted(case.volume.to_pandas())
    ways = destinations(case.deliveries)
    findings = frame(case, "findings", ["detector", "finding_id", "first_seen", "last_seen"])
    attempts = frame(case, "attempts", ["time", "kind"])
    door = findings[findings["detector"] == "door"]
    refused = attempts[attempts["kind"] == "relay_denied"]
    lists = case.impact.get("blocklists", [])
    bill, month = case.impact.get("cost"), case.impact.get("bandwidth_month")
    inputs = {entry["name"]: float(entry["mid"]) for entry in case.impact.get("inputs", [])}
    share, dialogue = inputs.get("overhead_share", 0.0), inputs.get("dialogue_bytes", 0.0)
    traffic = frame(case, "bandwidth", TRAFFIC)
    harm = frame(case, "harm", ["kind", "time"])
    charts: dict[str, Callable[[], Chart | None]] = {
        "incident": lambda: incident(volume, door, refused, lists, ground),
        "relayed_mail": lambda: relayed_mail(volume, ground),
        "top_sources": lambda: top_sources(volume, ground),
        "source_hours": lambda: source_hours(volume, ground),
        "carried": lambda: carried(ways, ground),
        "recipient_domains": lambda: recipient_domains(ways, ground),
        "receivers_answers": lambda: receivers_answers(ways, ground),
        "harmed_mail": lambda: harmed_mail(case.impact.get("harm") or {}, ground),
        "bandwidth": lambda: bandwidth(volume, ground),
        "five_minutes": lambda: five_minutes(traffic, month, share, dialogue, ground),
        "cost_items": lambda: cost_items(bill, ground),
        "cost_drivers": lambda: cost_drivers(bill, ground),
        "cost_over_time": lambda: cost_over_time(bill, traffic, harm, ground),
        "before_after": lambda: before_after(volume, ground),
    }
    with style.applied():
        drawn = [chart() for name, chart in charts.items() if not only or name in only]
    return [chart for chart in drawn if chart is not None]
