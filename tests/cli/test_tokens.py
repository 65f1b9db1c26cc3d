from __future__ import annotations

from pathlib import Path

from tests.cli.running import answer, run


def test_a_token_is_made_with_everything_a_script_needs(tmp_path: Path) -> None:
    made = answer("token", "create", "--data-dir", tmp_path, "--name", "ci", "--user-level", "ORG_ADMIN")

    assert set(made) == {"id", "secret", "name", "identity", "levels", "scope", "tenant"}
    assert len(made["id"]) == 32
    assert len(made["secret"]) == 64
    assert (made["name"], made["identity"], made["tenant"]) == ("ci", "admin", "default")
    assert (made["levels"], made["scope"]) == (["ORG_ADMIN"], ["sp:scopes:all"])


def test_without_a_level_it_is_an_ordinary_user(tmp_path: Path) -> None:
    made = answer("token", "create", "--data-dir", tmp_path, "--name", "ci", "--scope", "a:b:c", "--identity", "jo")

    assert (made["levels"], made["scope"], made["identity"]) == ([], ["a:b:c"], "jo")


def test_tokens_are_listed_without_their_secrets(tmp_path: Path) -> None:
    made = answer("token", "create", "--data-dir", tmp_path, "--name", "ci")

    (listed,) = answer("token", "list", "--data-dir", tmp_path)

    assert (listed["id"], listed["name"], listed["type"]) == (made["id"], "ci", "pat")
    assert made["secret"] not in str(listed)
    assert "secret" not in listed


def test_a_taken_name_and_an_unknown_level_are_refused_in_one_line(tmp_path: Path) -> None:
    run("token", "create", "--data-dir", tmp_path, "--name", "ci")

    again = run("token", "create", "--data-dir", tmp_path, "--name", "ci")
    level = run("token", "create", "--data-dir", tmp_path, "--name", "other", "--user-level", "KING")

    assert (again.exit_code, level.exit_code) == (1, 1)
    assert again.stderr == (
        "error: this user has a personal access token named 'ci' already (choose another name, or delete that token)\n"
    )
    assert "'KING' is no user level" in level.stderr


def test_an_unknown_tenant_is_refused_where_nothing_is_made(tmp_path: Path) -> None:
    run("token", "create", "--data-dir", tmp_path, "--name", "ci", "--tenant", "acme")

    done = run("token", "list", "--data-dir", tmp_path, "--tenant", "acne")

    assert done.stderr == "error: there is no tenant 'acne' (there are: acme)\n"
