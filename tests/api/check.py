"""One step of tests/api/run, on a demo of its own: check.py STEP DIRECTORY"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request

from demo import PAGE, Demo

TOOLS = os.environ["TEST_API_TOOLS"]
HERE = os.path.dirname(os.path.abspath(__file__))
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"


def run(*command, **more):
    """Runs a command that must succeed; what it printed."""
    print("+", " ".join(os.path.basename(word) if word.startswith("/") else word for word in command), flush=True)
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE, **more)
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{os.path.basename(command[0])} ended with {done.returncode}")
    return done.stdout


def document(demo, directory):
    """The description, as a file."""
    name = f"{directory}/openapi.json"
    with open(name, "w", encoding="utf-8") as out:
        out.write(demo.read("/api/openapi.json"))
    return name


def sound(demo, directory):
    """It is OpenAPI 3.1."""
    from openapi_spec_validator import OpenAPIV31SpecValidator
    with open(document(demo, directory), encoding="utf-8") as file:
        told = json.load(file)
    assert told["openapi"].startswith("3.1."), told["openapi"]
    OpenAPIV31SpecValidator(told).validate()
    print(f"{sum(len(item) for item in told['paths'].values())} calls, {len(told['components']['schemas'])} documents")


def kept(demo, directory):
    """Every call keeps to it: with a token that opens all, then with none."""
    token = demo.token()
    def ask(path):
        request = urllib.request.Request(demo.url + path, headers={"Authorization": f"Bearer {token}"})
        return urllib.request.urlopen(request, timeout=30)
    with ask("/api/v1/subscribers") as answer:
        somebody = json.load(answer)["subscribers"][0]["subscriber_id"]
    with ask("/api/v1/exports/consented?purpose=privacy-policy") as answer:
        export = answer.headers["X-Export-Id"]
    # What nobody guesses. Nobody is erased who is looked at.
    known = [("show_subscriber", "id", somebody), ("list_consents", "id", somebody), ("show_export", "id", export),
             ("show_form", "name", "local-digital-transformation"), ("export_contacts", "purpose", "privacy-policy"),
             ("report_relay_events", "relay", "postmark")]
    with open(f"{directory}/schemathesis.toml", "w", encoding="utf-8") as out:
        for call, name, value in known:
            out.write(f'[[operations]]\ninclude-operation-id = "{call}"\nparameters = {{ {name} = "{value}" }}\n')
    schemathesis = f"{TOOLS}/python/bin/schemathesis"
    common = ["--checks", CHECKS, "--workers", "1", "--seed", "17", "--request-timeout", "30", "--no-shrink",
              "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--suppress-health-check", "all"]
    known, bare = ["--config-file", f"{directory}/schemathesis.toml"], []
    head = ["--header", f"Authorization: Bearer {token}"]
    for config, more, examples in [(known, head, "100"), (bare, head, "50"), (bare, [], "10")]:
        told = run(schemathesis, *config, "run", f"{demo.url}/api/openapi.json", *common, *more, "--max-examples", examples,
                   cwd=directory)
        print(told[-1500:], flush=True)


def sign_up_and_read(demo, client, **more):
    """What each client must do, step by step; what the mail says is told to it."""
    reader = f"reader-{os.path.basename(client[-1]).split('.')[0]}@council.example"
    environment = {"PATH": os.environ["PATH"], "BASE": demo.url, "TOKEN": demo.token(), "PAGE": PAGE, "READER": reader}
    waiting = run(*client, "sign-up", env=environment, **more).strip()
    done = run(*client, "confirm", env={**environment, "WAITING": waiting, "CODE": demo.code(reader)}, **more).strip()
    assert done.startswith(f"{demo.url}/downloads/"), done
    assert demo.read(done.removeprefix(demo.url)), "the page of the download"
    print(run(*client, "export", env=environment, **more).strip())


def python(demo, directory):
    """A Python client."""
    told = run(f"{TOOLS}/python/bin/openapi-python-client", "generate", "--path", document(demo, directory), "--meta", "none",
               "--output-path", f"{directory}/made", cwd=directory, stderr=subprocess.STDOUT,
               env={**os.environ, "PATH": f"{TOOLS}/python/bin:{os.environ['PATH']}"})
    # It knows no bodies but forms, JSON and plain bytes.
    strange = [line.strip() for line in told.splitlines() if line.startswith(("WARNING", "ERROR", "Unsupported"))]
    known = ["WARNING parsing POST /api/v1/bounces within returned_mail.", "Unsupported content type message/rfc822"]
    if strange != known:
        raise SystemExit(f"{strange}\n{told}")
    script = shutil.copy(f"{HERE}/client.py", directory)
    sign_up_and_read(demo, [f"{TOOLS}/python/bin/python", script], cwd=directory)


def typescript(demo, directory):
    """A TypeScript client, whose types are checked."""
    os.symlink(f"{TOOLS}/node/node_modules", f"{directory}/node_modules")
    with open(f"{directory}/package.json", "w", encoding="utf-8") as out:
        json.dump({"type": "module", "private": True}, out)
    node = f"{directory}/node_modules"
    run("node", f"{node}/@hey-api/openapi-ts/bin/run.js", "--input", document(demo, directory), "--output", f"{directory}/made",
        "--client", "@hey-api/client-fetch", "--silent", "--no-log-file", cwd=directory)
    shutil.copy(f"{HERE}/client.ts", directory)
    run("node", f"{node}/typescript/bin/tsc", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler",
        "--skipLibCheck", "--lib", "es2022,dom,dom.iterable", "--outDir", f"{directory}/out", "client.ts", cwd=directory)
    # What it makes names its files without their endings.
    with open(f"{directory}/out/loader.mjs", "w", encoding="utf-8") as out:
        out.write(LOADER)
    sign_up_and_read(demo, ["node", "--import", f"{directory}/out/loader.mjs", f"{directory}/out/client.js"], cwd=directory)


LOADER = """
import { register } from "node:module";
const hooks = `export async function resolve(name, context, next) {
  try { return await next(name, context); } catch (error) {
    for (const end of [".js", "/index.js"]) { try { return await next(name + end, context); } catch {} }
    throw error;
  }
}`;
register("data:text/javascript," + encodeURIComponent(hooks));
"""


def main():
    step, directory = sys.argv[1:]
    steps = {one.__name__: one for one in (sound, kept, python, typescript)}
    if step not in steps:
        raise SystemExit(f"there is no step {step}: {', '.join(steps)}")
    with Demo(directory) as demo:
        steps[step](demo, directory)
        bugs = demo.bugs()
    if bugs:
        raise SystemExit(f"the log tells of bugs:\n{''.join(bugs[:20])}")


main()
