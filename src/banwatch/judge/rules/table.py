"""The rule table: every rule there is, strongest first within a state."""

from banwatch.judge.rules.connection import CONNECTION_RULES
from banwatch.judge.rules.dns import DNS_RULES
from banwatch.judge.rules.eras import ERA_RULES
from banwatch.judge.rules.http import HTTP_RULES
from banwatch.judge.rules.in_clear import IN_CLEAR_RULES
from banwatch.judge.rules.lookup import LOOKUP_RULES
from banwatch.judge.rules.parts.rule import Rule
from banwatch.judge.rules.path import PATH_RULES
from banwatch.judge.rules.route import ROUTE_RULES
from banwatch.judge.rules.services import SERVICE_RULES
from banwatch.judge.rules.whole import VETO_RULES, WHOLE_RULES

RULESET = "2026.11.5"
"""Version of the table; moves with any change of what some evidence is judged."""

RULES: tuple[Rule, ...] = (
    *VETO_RULES,
    *PATH_RULES,
    *DNS_RULES,
    *LOOKUP_RULES,
    *ROUTE_RULES,
    *CONNECTION_RULES,
    *ERA_RULES,
    *HTTP_RULES,
    *IN_CLEAR_RULES,
    *SERVICE_RULES,
    *WHOLE_RULES,
)
