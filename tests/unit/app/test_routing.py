import pytest

from segue.app.routing import outbound_of, routes_of
from segue.app.settings import read_settings
from segue.model.alerts import Alert
from segue.model.errors import UsageError
from segue.model.ids import Instant
from segue.model.spec import DagSpec
from segue.tell.channels import Channel

FULL = """
alert_hosts = ["10.0.0.0/8"]
hold_reminder = "30m"

[channels.oncall]
kind = "webhook"
url = "secret:hook"
header = "Authorization: secret:token"

[channels.mail]
kind = "email"
url = "smtp://mail.example.com"
from = "segue@example.com"
to = "ops@example.com"

[[alerts]]
to = "oncall"

[[alerts]]
when = "dead"
select = "tag:x"
to = ["mail", "mailto:b@example.com"]
"""


def settings(tmp_path, text: str, **environ: str):
    (tmp_path / "segue.toml").write_text(text)
    return read_settings(tmp_path, environ)


def test_channels_and_rules_are_read(tmp_path):
    read = settings(tmp_path, FULL)
    routes = routes_of(read)
    assert routes.names == ("oncall", "mail")
    assert routes.channel("oncall") == Channel("oncall", "webhook", "secret:hook", header="Authorization: secret:token")
    assert routes.channel("mail").receivers == ("ops@example.com",)
    assert routes.watchers() == ("mail", "mailto:b@example.com")
    for kind in ("failed", "deadline", "missed", "held", "past"):
        assert routes.targets_of(Alert("d", kind, Instant(0), "d"), lambda _: DagSpec("d")) == ("oncall",)
    assert routes.targets_of(Alert("d", "longer", Instant(0), "d"), lambda _: DagSpec("d")) == ()
    assert read.limits(1).hold_reminder == 30 * 60 * 1_000_000
    outbound_of(read)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[channels.a]\nkind = 'pager'\nurl = 'x'", r"channels"),
        ("[channels.a]\nkind = 'webhook'", r"channels.*url"),
        ("[channels.a]\nkind = 'webhook'\nurl = 'x'\nuri = 'y'", r"channels.*uri"),
        ("[channels.a]\nkind = 'email'\nurl = 'smtp://x'", r"channels\.a\] of kind email needs from= and to="),
        ("[[alerts]]\nwhen = 'failed'", r"alerts.*to"),
        ("[[alerts]]\nto = 'oncall'", r"there is no channel 'oncall'"),
        ("[channels.oncall]\nkind='slack'\nurl='x'\n[[alerts]]\nto = 'oncal'", r"did you mean 'oncall'"),
        ("[channels.oncall]\nkind='slack'\nurl='x'\n[[alerts]]\nto='oncall'\nwhen='faild'", r"did you mean 'failed'"),
        ("alert_hosts = ['10.0.0.0/99']", "alert_hosts"),
        ("hold_reminder = 'soon'", r"hold_reminder"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        read = settings(tmp_path, text)
        outbound_of(read)
        routes_of(read)


def test_allowed_hosts_may_stand_in_the_environment(tmp_path):
    read = settings(tmp_path, "", SEGUE_ALERT_HOSTS="10.0.0.0/8, mail.internal")
    assert read.keys.alert_hosts == ["10.0.0.0/8", "mail.internal"]
    outbound_of(read)
