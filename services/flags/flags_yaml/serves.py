"""What is served, from YAML: the name of a variant, or a rollout."""

from mirante.api.flags.v1 import flag_pb2
from mirante.evaluation import TOTAL_WEIGHT

from services.flags.shares import weight
from services.runtime.yaml_documents.fields import Fields, Problems
from services.runtime.yaml_documents.nodes import Node

_ROLLOUT_FIELDS = ("bucket_by", "coverage", "range", "splits")


def read_serve(node: Node, path: str, problems: Problems) -> flag_pb2.Serve:
    """Return what a node serves."""
    if not isinstance(node.value, dict):
        if node.text is None:
            problems.add(path, node, "must be the name of a variant or a rollout")
        return flag_pb2.Serve(variant=node.text or "")
    fields = Fields(node, path, problems, ("rollout",))
    rollout = fields.get("rollout")
    if rollout is None:
        problems.add(path, node, "must be the name of a variant or a rollout")
        return flag_pb2.Serve(variant="")
    return flag_pb2.Serve(rollout=_rollout(Fields(rollout, fields.path_of("rollout"), problems, _ROLLOUT_FIELDS)))


def _rollout(fields: Fields) -> flag_pb2.Rollout:
    rollout = flag_pb2.Rollout(bucket_by=fields.text("bucket_by"), splits=_splits(fields))
    coverage, bucket_range = fields.get("coverage"), fields.get("range")
    if coverage is not None:
        rollout.coverage = _share(coverage, fields.path_of("coverage"), fields.problems)
    if bucket_range is not None:
        of_range = Fields(bucket_range, fields.path_of("range"), fields.problems, ("salt", "start", "end"))
        rollout.range.salt = of_range.text("salt")
        rollout.range.start = of_range.integer("start", TOTAL_WEIGHT)
        rollout.range.end = of_range.integer("end", TOTAL_WEIGHT)
    return rollout


def _splits(fields: Fields) -> list[flag_pb2.Split]:
    """Return shares by variant; the list form is for a variant that has several."""
    node = fields.get("splits")
    if node is not None and isinstance(node.value, list):
        return [
            _split(Fields(each, path, fields.problems, ("variant", "weight"))) for path, each in fields.items("splits")
        ]
    return [
        flag_pb2.Split(variant=variant, weight=_share(share, path, fields.problems))
        for variant, path, share in fields.entries("splits")
    ]


def _split(fields: Fields) -> flag_pb2.Split:
    share = fields.get("weight")
    if share is None:
        fields.problems.add(fields.path_of("weight"), fields.node, "is missing")
        return flag_pb2.Split(variant=fields.text("variant"))
    return flag_pb2.Split(
        variant=fields.text("variant"), weight=_share(share, fields.path_of("weight"), fields.problems)
    )


def _share(node: Node, path: str, problems: Problems) -> int:
    share = weight(node.text) if node.text is not None else None
    if share is None or share > TOTAL_WEIGHT:
        problems.add(path, node, "must be a percentage from 0% to 100%, with three decimals at most, such as 12.5%")
        return 0
    return share
