"""The rule table: every rule there is, strongest first within a state."""

from banwatch.judge.rule import Rule
from banwatch.judge.rules_dns import DNS_RULES
from banwatch.judge.rules_http import HTTP_RULES
from banwatch.judge.rules_ip import CONNECTION_RULES
from banwatch.judge.rules_lookup import LOOKUP_RULES
from banwatch.judge.rules_path import PATH_RULES
from banwatch.judge.rules_services import SERVICE_RULES
from banwatch.judge.rules_whole import VETO_RULES, WHOLE_RULES

RULESET = "2026.11.2"
"""Version of the table; moves with any change of what some evidence is judged."""

RULES: tuple[Rule, ...] = (
    *VETO_RULES,
    *PATH_RULES,
    *DNS_RULES,
    *LOOKUP_RULES,
    *CONNECTION_RULES,
    *HTTP_RULES,
    *SERVICE_RULES,
    *WHOLE_RULES,
)
