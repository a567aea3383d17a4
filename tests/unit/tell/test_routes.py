import pytest

from segue.model.alerts import Alert
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.model.views import SilenceView
from segue.tell.channels import Channel
from segue.tell.routes import Routes, Rule, is_silenced

AT = Instant(0)
HOOK = Channel("oncall", "webhook", "https://hooks.example.com/x")
CHAT = Channel("data", "slack", "secret:chat")
MAIL = Channel("mail", "email", "smtp://mail", sender="s@x", receivers=("ops@x",))
CHANNELS = {channel.name: channel for channel in (HOOK, CHAT, MAIL)}
SPECS = {
    "orders": DagSpec("orders", tags=("retail",), owner="dana"),
    "stock": DagSpec("stock", tags=("retail",)),
    "other": DagSpec("other"),
}


def rule(*to: str, when: tuple[str, ...] = ("failed",), select: str = "*") -> Rule:
    return Rule(frozenset(when), select, to)


def alert(dag: str = "orders", kind="failed", **more) -> Alert:
    return Alert(dag, kind, AT, dag, **more)


def targets(alert: Alert, *rules: Rule) -> tuple[str, ...]:
    return Routes(CHANNELS, rules).targets_of(alert, SPECS.get)


def test_every_rule_that_fits_counts_and_each_target_once():
    rules = (rule("oncall", "data", select="tag:retail"), rule("oncall"), rule("mail", when=("held",)))
    assert targets(alert(), *rules) == ("oncall", "data")
    assert targets(alert("other"), *rules) == ("oncall",)
    assert targets(alert(kind="held"), *rules) == ("mail",)


def test_a_dag_names_channels_of_its_own():
    assert targets(alert(channels=("data", "oncall")), rule("oncall")) == ("data", "oncall")


def test_an_alert_about_several_dags_fits_where_one_of_them_does():
    several = Alert("", "missed", AT, causes=(("other", "3"), ("stock@1/load", "late")))
    assert targets(several, rule("data", when=("missed",), select="stock")) == ("data",)
    assert targets(several, rule("data", when=("missed",), select="orders")) == ()


def test_a_dag_that_is_gone_is_told_of_where_all_are():
    assert targets(alert("gone"), rule("data", select="tag:retail"), rule("mail")) == ("mail",)


@pytest.mark.parametrize(
    ("target", "kind", "field", "value"),
    [
        ("oncall", "webhook", "url", HOOK.url),
        ("webhook:oncall", "webhook", "url", HOOK.url),
        ("webhook:https://a.example.com/b", "webhook", "url", "https://a.example.com/b"),
        ("webhook:secret:hook", "webhook", "url", "secret:hook"),
        ("slack:data", "slack", "room", ""),
        ("slack:#data-oncall", "slack", "room", "#data-oncall"),
        ("mailto:a@x.example,b@y", "email", "receivers", ("a@x.example", "b@y")),
    ],
)
def test_a_target_names_a_channel_in_several_ways(target, kind, field, value):
    channel = Routes(CHANNELS, ()).channel(target)
    assert (channel.kind, getattr(channel, field)) == (kind, value)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("oncal", "there is no channel 'oncal': did you mean 'oncall'?"),
        ("zzz", "there is no channel 'zzz'; there are oncall, data, mail"),
        ("pager:x", "there is no channel 'pager:x'"),
        ("webhook:ftp://x", "there is no channel 'ftp://x'"),
        ("mailto:ops", "'mailto:ops' is no address of e-mail: write mailto:ops@example.com"),
        ("mailto:a@b\nBcc: c@d", "is no address"),
    ],
)
def test_a_target_that_there_is_not_is_refused_with_the_nearest(target: str, text: str):
    with pytest.raises(UsageError) as caught:
        Routes(CHANNELS, [rule(target)])
    assert text in str(caught.value).replace("\\n", "\n") or text in str(caught.value)
    assert str(caught.value).startswith("[[tool.segue.alerts]] to: ")


def test_without_channels_it_is_said_where_they_are_written():
    with pytest.raises(UsageError, match=r"write \[tool.segue.channels.NAME\]"):
        Routes({}, [rule("oncall")])
    with pytest.raises(UsageError, match="'slack:#x' needs exactly one channel of kind slack, there are 0"):
        Routes({}, [rule("slack:#x")])


def test_a_kind_of_alert_that_there_is_not_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="when: there is no kind of alert 'faild': did you mean 'failed'"):
        Routes(CHANNELS, [rule("oncall", when=("faild",))])
    Routes(CHANNELS, [rule("oncall", when=("failed", "deadline", "missed", "held", "stale", "dead"))])


def test_a_dag_that_names_no_channel_is_told_so():
    spec = DagSpec("orders", alerts=("oncal", "oncall", "mailto:a@b", "mailto:a"))
    first, second = Routes(CHANNELS, ()).unknown(spec)
    assert first == "alerts: there is no channel 'oncal': did you mean 'oncall'?"
    assert second.startswith("alerts: 'mailto:a' is no address")


def test_who_is_told_of_silence():
    assert Routes(CHANNELS, [rule("oncall"), rule("mail", when=("dead",))]).watchers() == ("mail",)
    assert Routes(CHANNELS, [rule("oncall"), rule("data", "oncall")]).watchers() == ("oncall", "data")
    assert Routes(CHANNELS, ()).watchers() == ("oncall", "data", "mail")


def silences(*selections: str) -> list[SilenceView]:
    return [SilenceView(selection, AT) for selection in selections]


def test_a_silence_holds_for_what_its_selection_names():
    assert is_silenced(alert(), silences("other", "tag:retail&owner:dana"), SPECS.get) == "tag:retail&owner:dana"
    assert is_silenced(alert("stock"), silences("owner:dana"), SPECS.get) == ""
    assert is_silenced(alert("gone"), silences("gone"), SPECS.get) == "gone"


def test_an_alert_about_several_dags_is_silenced_where_all_of_them_are():
    several = Alert("", "missed", AT, causes=(("other", "3"), ("stock", "late")))
    assert is_silenced(several, silences("stock"), SPECS.get) == ""
    assert is_silenced(several, silences("stock", "other"), SPECS.get) == "other"
    assert is_silenced(Alert("", "missed", AT), silences("*"), SPECS.get) == ""
