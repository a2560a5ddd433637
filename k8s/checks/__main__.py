"""`python -m k8s.checks`: everything that can be checked without a cluster, of every overlay and combination."""

import sys

from k8s.checks.objects import Document, load
from k8s.checks.policy import policy
from k8s.checks.rendering import RenderingFailed, combinations, overlays, render
from k8s.checks.schemas import NEWEST, OLDEST, schemas
from k8s.checks.semantics import problems


def main() -> None:
    """Check, print what is wrong, and end with 1 when something is."""
    wrong: dict[str, None] = {}
    documents: list[Document] = []
    scanned: dict[str, str] = {}
    rendered = 0
    for overlay in overlays():
        everything = combinations(overlay)
        # The scanner takes seconds: it sees each overlay alone, and with as much as can be added.
        most = max(len(each) for each in everything)
        for components in everything:
            name = " + ".join([overlay, *components])
            try:
                text = render(overlay, components)
            except RenderingFailed as error:
                wrong[f"{name}: {error}"] = None
                continue
            rendered += 1
            manifests = load(text)
            wrong |= dict.fromkeys(f"{name}: {problem}" for problem in problems(manifests))
            documents += manifests.documents
            if len(components) in {0, most}:
                scanned[name] = text
    wrong |= dict.fromkeys(schemas(documents))
    wrong |= dict.fromkeys(policy(scanned))
    for problem in wrong:
        print(problem, file=sys.stderr)  # noqa: T201 - a command for people
    print(f"{rendered} renderings, Kubernetes {OLDEST} to {NEWEST}: {len(wrong)} problems")  # noqa: T201 - as above
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
