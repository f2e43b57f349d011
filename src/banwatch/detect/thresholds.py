"""Numbers by which detection decides, each with its unit and the reason for its value.

None is fitted to real data: they were chosen from what the states mean, and `bench/detect.py` shows what they
give on series with known truth.
"""

# --- states of one series -----------------------------------------------------------------------

ONSET_PER_HOUR = 1e-4
"""Chance per hour that a target that is open becomes blocked: about once a year, before any data."""
PARTLY_ONSET_PER_HOUR = 4e-5
"""The same for partial blocking, which is rarer and easier to imitate by chance."""
BLOCKED_END_PER_HOUR = 1 / 300
"""Blocks last days to years; a mean of twelve days lets a one-day election block pass as well."""
PARTLY_END_PER_HOUR = 1 / 72
"""Intermittent interference is mostly a matter of days."""
TURN_PER_HOUR = 1 / 1000
"""Chance per hour to turn from partial to full blocking or back."""
INITIAL = (0.80, 0.05, 0.15)
"""Open, partly, blocked at the first measurement: many blocks are older than the measuring of them."""

BLOCKED_SHARE = 0.96
"""Share of votes that accuse under full blocking: leaky censors let a few per cent through."""
PARTLY_EXTRA = 0.4
"""Under partial blocking, the share of otherwise good votes that accuse. Between 0.3 and 0.5, where half and
30 % blocking both stand out from every baseline up to 0.25."""

BASELINE_FLOOR = 0.001
BASELINE_CEILING = 0.25
"""Bounds of a series' own share of trouble while open. Above a quarter, trouble is no longer a baseline."""
BASELINE_PRIOR_MEAN = 0.02
BASELINE_PRIOR_VOTES = 50.0
"""Mean baseline over all series before any data, and the votes that it counts for."""
BASELINE_STRENGTH_VOTES = (40.0, 200.0)
"""Bounds of the votes that the mean over all series counts for in one series' own baseline."""
BASELINE_TARGET_VOTES = 20.0
"""Votes that the mean over all series counts for in the mean over one target's series: targets differ more
from each other than networks do on one target."""
FIRST_GUESS_PIECES = 16
"""Pieces of equal numbers of steps into which a series is cut for the first guess of its baseline."""
FIRST_GUESS_QUANTILE = 0.3
"""Quantile of the pieces that is taken for the baseline: a block of two thirds of the series does not raise
it."""
FIRST_FIT_LEFT_OUT = 0.25
"""Share of the series, those with most failures, that the first fit of the prior leaves out: they may hold
blocks."""
BASELINE_SETTLED = 0.05
"""Relative change of a baseline below which its series is not smoothed again: a change of this size moves the
evidence of a vote by 0.05 nats at most."""
SMOOTHING_ROUNDS = 3
"""Rounds of smoothing and fitting, at most: bounds the time."""
CHANCE_PER_VOTE_ODDS = 16.0
"""Votes of one hour are correlated: an hour never weighs more than this many votes (beta-binomial size)."""
BETA_BINOMIAL_MOST_VOTES = 512
"""Votes of an hour above which the beta-binomial reads it as one of so many with the same share: bounds its
tables, and further votes add nothing."""
LONGEST_GAP_HOURS = 24 * 400
"""Hours between two steps above which the states drift no further: the chain is at rest long before."""

HELD_PROBABILITY = 0.5
"""A step belongs to a stretch of interference where that is likelier than not."""
CHANGE_PROBABILITY = 0.85
"""A stretch is a change only if somewhere in it interference is this likely."""
BRACKET_TAIL = 0.1
"""Probability left outside either side of an onset or end interval, before it is widened to measurements.
Where a target was blocked only now and then, a success does not show that it was open: the bracket reaches
further back."""
HIGHEST_CONFIDENCE = 0.999
"""Confidence of a change or incident is never given as more: the models know nothing of their own errors."""
SCREEN_LOG_ODDS = -1.0
"""Log odds of a series' best stretch below which the series is not smoothed. A stretch of lower odds hardly
reaches `CHANGE_PROBABILITY`: summing over its possible beginnings and ends adds less than the two nats
between. A test compares the result with that of no screening."""
SCREEN_REACH_STEPS = 64
"""Steps of the short stretches that are searched for beside the best one, and over which the best one must
gain."""
SEGMENT_MARGIN_STEPS = 120
"""Steps that are smoothed on either side of evidence: the slowest rise that ends in a change is shorter."""

CORROBORATION_NATS = 3.0
"""Evidence that the voices other than the main accuser must give (log likelihood ratio). In a clean series
one measurement by a second voice suffices; in a noisy one it takes several."""
LONE_ACCUSER_SHARE = 0.7
"""Share of a stretch's hours with other voices in which these must agree with a main accuser that accuses in
most hours; with less agreement the series is read without it."""
STRETCH_GAP_HOURS = 48
"""Stretches of one series with less than this between them are one change: an intermittent one."""

STRETCH_GAP_VOTES = 1.0
"""The same with no more votes than this between them, however long it took: one success is neither an end
nor a new beginning."""

OPENING_HOURS = 24
"""Hours from the last step of one stretch to the first of the next, from which there may be an opening: a
block of some hours of each day has none."""
OPENING_LEAK = 0.1
"""Share of measurements that interference lets through, at least, when an opening is weighed."""
OPENING_NATS = 5.0
"""Evidence that all between two stretches succeeded because the target was open: what interference as leaky
as theirs lets through by chance once in 150 times."""
OPENING_GOOD_SHARE = 0.8
"""Share of the votes of an opening that must be good."""

# --- inputs ------------------------------------------------------------------------------------------------

INPUT_HOURS = 3
"""Hours in which an input must have shown interference, before it is set apart from the target's others."""
INPUT_SHARE = 0.1
"""Share of an input's hours that must show it; an input below it is one that works."""
INPUT_NATS = 8.0
"""Evidence that the inputs of a target differ in their share of interference: by chance once in 3,000
targets."""

# --- cells -------------------------------------------------------------------------------------------------

LONGEST_LAG_S = 400 * 86400
"""A measurement that came later than this has a wrong clock, or an id that means something else."""

CLOCK_AHEAD_S = 900
"""Seconds that a measurement may lie after the hour of its receipt: a phone that sets its clock by the
network is right to a minute, one that was set by hand to some minutes, one that takes local time for UTC is
wrong by half an hour or more (`../shared/data/field/wrong-clocks`)."""

# --- shutdowns ---------------------------------------------------------------------------------------------

SHUTDOWN_NATS = 13.0
"""Evidence for a shutdown: by chance one in some 400,000 quiet hours of one network."""
TESTIFIED_NATS = SHUTDOWN_NATS / 2
"""Testimony from which a silence need not exceed the network's ordinary ones: half of the evidence is then
not absence."""
TOGETHER_NATS = 6.0
"""Evidence from which a silence is examined at all."""
RECURRING_NATS = 1.0
RECURRING_TIMES = 3
"""Silences at the same hours of so many days are a schedule; each that is testified to needs only so much."""
SCHEDULE_NATS = 9.0
"""Evidence that silences at the same hours of the day are a schedule, beyond the choice of hours and days: by
chance one in some 8,000 countries."""
RECURRING_LONGEST_HOURS = 20
"""Hours of a silence above which it is no part of a day's schedule."""
SEASON_GAP_HOURS = 14 * 24 + 12
"""Hours after which a silence at the same hours begins another season: exams pause for a week, sessions are
months apart."""
OPEN_SHARE = 0.4
"""Share of an hour's measurements abroad that load, from which a network is not cut off."""
USUALLY_LOADS = 0.3
"""Share of all measurements of a target that load, from which its failures say something: a cut of half the
data leaves as much."""
CUT_OFF_HOURS = 3
"""Hours in which targets abroad failed together, at least: one or two are a bad run."""
LONGEST_RHYTHM_HOURS = 5 * 366 * 24
"""Hours further back say nothing of a network's rhythm; also bounds the grid, whatever the clocks."""
STRAY_CLOCK_HOURS = 7 * 24
"""Hours by which one voice's clock may extend the period examined."""
VOUCHING_VOICES = 3
VOUCHING_SHARE = 0.25
"""Voices, and share of a usual day's voices, that vouch for the first and last hour of the data: two phones
with wrong clocks were seen in several countries' data."""
STRAY_NATS = 3.5
"""Evidence that each answered voice takes away within a silence: 3 % of the usual volume may still get
out."""
SILENT_SHARE = 0.8
"""Share of an hour's measurements in which nothing answered that makes the hour's testimony "dark"."""
SILENT_TARGETS = 2
"""Distinct targets that must have been silent for it: one silent target is about the target."""
USUAL_HOURS_A_DAY = 4.0
"""Hours a day with measurements that a network must usually have before their absence says anything."""
NEWCOMER_HOURS = 72
"""A voice first heard less than this before a silence is a newcomer."""
USUAL_VOICES_A_DAY = 3.0
"""Voices a day that a network usually has, from which one voice alone in a silence is one stray."""
CONSTANT_SHARE = 0.05
"""A voice in this share of a network's cells is constant enough to hide that others fell silent."""
LONE_VOICE_HOURS = 24
"""Hours for which all others must be silent before a voice that goes on alone is left out."""
USUAL_DAYS_SHARE = 0.8
"""Share of days with measurements before the absence of a day is remarkable."""
WEEKDAY_PRIOR_DAYS = 2.0
"""Days of the same weekday for which the hour of day on all weekdays counts: two, so that the
weekday's own four days in a month of data outweigh it."""
AROUND_HOURS = 4 * 24
"""Hours before and after a silence that show how many voices were there: spells of probes last some days."""
LIVELINESS = (0.1, 2.0)
"""Bounds of the factor that follows from it."""
TAIL_RANK = 5
"""Rank of the silence at which the tail of ordinary ones is taken to begin: up to four heavier ones may be
shutdowns."""
TAIL_RANKS_BELOW = 4
"""Ranks, as multiples of the first, down to which the tail's scale is measured: of an exponential tail this
gives the scale to a quarter."""
TAIL_SAFETY = 1.25
"""Factor on that scale: voices that come and go for days have a tail that is longer than it looks, by
`bench/detect.py --silence`."""
TAIL_LEAST_NATS = 1.0
"""The scale of silences of independent hours; none is shorter."""
SHIFTS = 48
"""Copies of a country in which its networks are shifted by weeks: the tenth heaviest silence of them is one
that a country has by chance in one of five such periods."""
SHIFTED_WEEKS_AT_LEAST = 4
"""Weeks without which there is little to shift by."""
RHYTHM_WEEKS = 2.0
"""Weeks of data before absence says anything: each weekday twice."""
FALSE_SHUTDOWNS_PER_WEEK = 0.008
FALSE_PARTS_PER_WEEK = 0.0005
"""Silences that chance may give in a week of all of one country, and of each of its networks or some of them:
together less than the goal of one in 100 country-weeks."""
SHUTDOWNS_PER_WEEK = 1 / 100
"""Shutdowns in a week of one country, before any data: one in two years."""
UNMEASURED_CONFIDENCE = 0.75
"""Confidence of a shutdown in which nothing was measured, at most: a cut cable or a loss of power looks the
same. Of 221 outages of 2018 to 2021 with a known cause (SIGCOMM'23 list), 166 were ordered."""
LONE_NETWORK_ODDS = 10.0
"""How much oftener a silence of one network alone comes of its own few probes, or of its operator, than its
past silences show."""
WITHOUT_VOICE_ODDS = 10.0
"""The same where one voice went on."""
NAMELESS_ODDS = 100.0
"""The same once more where nothing tells voices apart: a few probes that left together cannot be told from
many."""
SHIFTED_VOICES = 32
"""Voices of a network that are shifted one by one; the rest are shifted together."""
CONSTANT_HOURS = 10
"""Hours in which a voice must have been heard to be one that comes back."""
CONSTANT_VOICES_SHARE = 0.5
"""Share of all that is heard that such voices must give, for a network to be known by its voices."""
TOGETHER_OVERLAP = 0.6
"""Share of the hours of two silences that both must have for them to be one event."""
LACKING_COUNTRIES = 3
"""Countries that lack the same hours, from which the gap is ours."""
LACKING_USUAL_HOURS = 2.0
"""Hours with measurements that a country must usually have in a gap to be counted as lacking it, or not."""
LACKING_SHARE = 0.1
"""Share of these hours up to which a country lacks the gap."""
CONTINUING_COUNTRIES = 2
CONTINUING_HOURS = 6
"""Other countries that must have been heard to the end of a silence that lasts, also in its last quarter and
so many hours: what is received still comes in then, and a table that ends, ends for all."""
MIDNIGHT_SPAN_HOURS = 6
"""Hours within which an edge must be dated for midnight in it to say anything."""
LEVEL_HOURS = 14 * 24
"""Hours before and after a silence that show how much is measured then."""
LEVEL_STEADY = 0.5
"""Share of the usual below which less is measured; above it, it is chance."""
MEASURING_ENDED_HOURS = 14 * 24
"""A silence of one network alone that lasts longer than this looks like an end of the measuring."""
MEASURING_PAUSED_HOURS = 10 * 24
"""A silence without testimony that ends after so long looks like a pause in the measuring: known shutdowns of
everything lasted days, and longer ones are testified to once they are over."""

# --- incidents ---------------------------------------------------------------------------------------------

TOGETHER_HOURS = 3
"""Onset brackets in one country no further apart than this belong together, whatever the target."""
ROLLOUT_HOURS = 96
"""The same target on another network of the country within this time is the same block rolling out."""
ALREADY_NETWORKS = 3
"""Where so many networks, and most of those that measure a target, had it blocked from the first measurement
on, another on which it is seen to begin joins these."""
LONGEST_BLOCK_DAYS = 366 * 20
"""Days between the onset of a block and the first measurement of another network that is still part of it, at
most: longer than any block of which another network was found to be part."""
ONSET_SPARE_ONE_IN = 10
"""One bracket in so many is given up when the onset of an incident is dated: each misses the moment by its
tails (`BRACKET_TAIL`)."""
ONSET_LEAST_BRACKETS = 3
"""Brackets, at least, whose lower quartile bounds the onset from below."""
INCIDENT_WITNESSES = 12
"""Witnesses named by an incident, one for each of its widest changes: enough to check by hand."""
COMMON_CAUSE_HOURS = 3
"""Onsets in several countries within these hours of each other began together."""
COMMON_CAUSE_BRACKET_HOURS = 48
"""Onsets less exactly known than this do not show that anything happened in the same hours."""
NARROW_BRACKET_HOURS = 12
"""The same where only two countries measure the target at all: then both must be exactly known."""
COMMON_CAUSE_COUNTRIES = 3
COMMON_CAUSE_SHARE = 0.25
"""A target that moves in so many countries and this share of those that measure it, moved itself. Less
than half, since countries that measure it seldom see it late."""
RELEASE_SHARE = 0.4
"""Anything that begins in this share of all countries at once came with a probe or ruleset release."""
COMMON_CAUSE_TAIL_HOURS = 24
"""Changes of the same target, or of anything, within this time of a cause elsewhere are laid to it too."""
ELSEWHERE_SHARE = 0.5
"""Rise of a target's failures in other countries, as a share of its rise in one, from which it is the target
that fails: a site that is half down is half down for all, give or take the luck of sparse votes."""
ELSEWHERE_LEAST_CELLS = 3
"""Hours with votes on a target, in a country, that tell of it."""
ELSEWHERE_LEAST_DAYS = 3
ELSEWHERE_LONGEST_DAYS = 28
"""Days around an onset that other countries are asked of, at least and at most: sparse countries measure a
target once a day, and what lasts for months is no outage of a site that others watch."""
EDGE_NATS = 3.0
"""Absence that dates an edge of a shutdown: the network would have been heard of by then, 19 times in 20."""
LOOK_ELSEWHERE_NATS = 2.0
"""Nats by which an incident's evidence must exceed the logarithm of the number of series-weeks examined:
about one run in seven may report a chance effect, were there no other condition."""
SUPPORT_WEAKEST_VOTES = BASELINE_STRENGTH_VOTES[0] / 4
"""The lower bound of `BASELINE_STRENGTH_VOTES` in the evidence of an incident, where series that differ much
are not to be held against their common mean."""
SUPPORT_HOURS = 200
"""Steps of a change, from its onset on, that count for its evidence: enough for any change."""
MINIMUM_VOICES = 2
"""Distinct voices that must have seen it: one probe or one report alone never makes an incident."""
REACHED_SHARE = 0.2
RESOLVER_NATS = 5.0
"""A block shows only with the network's own resolver where public ones show it at most this share as often,
and chance would divide votes so unevenly between the two once in some 150 times."""

# --- schedules -------------------------------------------------------------------------------------------

RECURRING_LONGEST_DAYS = 5
"""Days of a week's schedule, at most: with more, the two that are left are the exception."""
LONE_SCHEDULE_NATS = 16.0
"""Evidence for a schedule of a target that shows no other change: by chance one in some ten million targets,
were votes independent; bursts of trouble are not, and come at the same hours of a few days by chance."""
SCHEDULE_SHARE = 0.6
"""Share of the votes within a schedule's hours that accuse, at least, on the days that it counts."""
OUTSIDE_SHARE = 0.2
"""Share of the votes outside a schedule's hours that accuse, at most: with more, it is no schedule."""
TIE_NATS = 0.01
"""Evidence by which a longer or later arc must be better than one found before: hours in which nobody
measured are no part of a schedule."""

# --- ids ---------------------------------------------------------------------------------------------------

ID_FIRST_WEIGHT = 0.6
"""Weight of an incident's first publication in its similarity, against 0.4 for the last: more than half, so
that an id does not wander between incidents that were published as one for a while. The timelines of
`tests/detect` hold it."""
ID_WITHDRAWN_WEIGHT = 0.7
"""Factor on the similarity with a withdrawn incident: one that is published now has the better claim to its
id."""
ID_CLOSE_HOURS = 24
"""Distance of two onsets at which the similarity of two incidents is halved."""
ID_NEAR_HOURS = 72
"""Hours by which late data may move an onset of the same incident."""

# --- wording -----------------------------------------------------------------------------------------------

FREED_HOURS = 6
"""Hours before the end of an incident by which a target that worked again was freed earlier: brackets of one
end are apart by as much."""
MEMBERS_IN_TEXT = 40
"""Members that the reasons of an incident list in text; JSON lists all."""
LONGER_HOURS = 6
"""Hours by which a time that is more than twice as long as usual is named apart from a schedule."""
WEEKDAYS_SHARE = 0.75
"""Share of certain days of the week, from the first to the last, on which something must have come for these
days to be its rule."""
WEEKDAYS_WEEKS = 3.0
"""Weeks from the first to the last of them, at least: every other day of two weeks looks like a rule."""
EXCEPTIONS_SHARE = 0.25
"""Days without it, as a share of those with it, up to which they are exceptions and are named."""
HOURS_MISSED_OF_ALL = 4
"""Hours of the day without a measurement that showed it, with which a member still shows at all hours: few
probes measure in every hour."""
NAMES_IN_A_LIST = 3
"""Names written out in a sentence; the rest are counted."""
BEFORE_DAYS = 7
"""Days before an incident that its reasons count measurements in: a week holds every hour and weekday
once."""
WITNESSES_AGAINST = 3
"""Measurements named that speak against an incident."""
SIGNAL_NEAR_HOURS = 6
"""Hours between an outside signal and an incident within which both are about the same event: their clocks
and ours are coarse."""

# --- anonymous sources -------------------------------------------------------------------------------------

VERIFIED_VOICES = 4
"""Earned voices without which an incident that only they saw is unconfirmed: one place makes three, so that
two places at least, in the network itself, were heard for a week (docs/trust.md)."""
OPEN_SHARE = 0.5
"""Weight that earned voices together have in a day, and anonymous ones too, in that of the vouched sources of
the day: so they never outvote those, and no number of them turns a day over (docs/trust.md)."""
UNCONFIRMED_CONFIDENCE = 0.5
"""Highest confidence of an incident that rests on anonymous sources alone: any number of voices may be one
person, so nothing that they say together tells it from an invention (docs/trust.md)."""
