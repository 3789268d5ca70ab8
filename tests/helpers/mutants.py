"""Solutions with one small fault each, made by program: is there one that a check lets pass?"""

import ast
import copy
import inspect
import linecache
import sys
from collections import Counter
from difflib import unified_diff
from itertools import count
from typing import NamedTuple

ONE = ast.Constant(1)
COMPARED = {  # what stands in the place of a comparison
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
CALCULATED = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.FloorDiv, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
}
NAMED = {  # names that are easily taken for each other
    **{"min": ("max",), "max": ("min", "sum"), "ceil": ("floor", "round"), "sqrt": ("abs",)},
    **{"accuracy": ("loss",), "loss": ("accuracy",), "validation": ("train",), "sum": ("len",)},
    **{"mean": ("sum",), "eval": ("train",), "argmax": ("argmin",), "amax": ("amin", "mean")},
    **{"token_ids": ("offsets",), "labels": ("token_ids", "offsets"), "sign": ("abs",)},
    **{"index": ("count",), "log": ("exp", "neg"), "inf": ("e",), "append": ("insert",)},
    **{"embedding": ("linear",), "linear": ("embedding",), "EmbeddingBag": ("Embedding",)},
    **{"validation_loader": ("test_loader",), "test_loader": ("validation_loader",)},
    **{"diagonal": ("flatten",), "values": ("keys",), "number": ("train",), "texts": ("labels",)},
}
WRITTEN = {"sum": ("mean", "max"), "mean": ("sum",), "<unk>": ("the",)}


class Mutant(NamedTuple):
    """A solution with one fault."""

    change: str  # the lines that differ: what was there -> what is there
    source: str


def mutants_of(function):
    """All of them, each with another source; what is no fault but a way to write it is not made."""
    (tree,) = ast.parse(inspect.getsource(function)).body
    whole = ast.unparse(tree)
    made = {}
    for mutate in (*EDITS, lines_left_out, lines_moved):
        for mutant in mutate(tree):
            source = ast.unparse(ast.fix_missing_locations(mutant))
            if source != whole:
                made.setdefault(source, change(whole, source))
    turns = Counter()
    for source, text in made.items():  # some changes look alike
        turns[text] += 1
        yield Mutant(text if turns[text] == 1 else f"{text} ({turns[text]})", source)


def change(before, after):
    """The lines that differ, or the line that stands elsewhere, and behind which one."""
    before, after = before.splitlines(), after.splitlines()
    lines = [*unified_diff(before, after, n=0, lineterm="")][2:]
    gone, come = (
        " | ".join(line[1:].strip() for line in lines if line[0] == sign) for sign in "-+"
    )
    if gone == come:
        place = next(place for place, line in enumerate(after) if line != before[place])
        line, deep = after[place].strip(), (len(after[place]) - len(after[place].lstrip())) // 4
        return f"{line} behind {after[place - 1].strip()}, {deep} deep"
    return f"{gone or 'nothing'} -> {come or 'nothing'}"


_numbers = count()


def answer_of(mutant, name, names):
    """The function or class, with a source that can be shown, like a cell's."""
    file = f"<mutant {next(_numbers)}>"
    linecache.cache[file] = (len(mutant.source), None, mutant.source.splitlines(True), file)
    space = dict(names)
    exec(compile(mutant.source, file, "exec"), space)
    return space[name]


# ------------------------------------------------------------------------------ one expression


def edited(tree, kind, edits):
    """A copy of the tree for each edit of each node of this kind."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, kind)]
    for place, node in enumerate(nodes):
        for edit in edits(node, tree):
            other = copy.deepcopy(tree)
            twin = [one for one in ast.walk(other) if isinstance(one, kind)][place]
            swap(other, twin, edit)
            yield other


def swap(tree, old, new):
    """Put a node in the place of another one."""

    class Swap(ast.NodeTransformer):
        def visit(self, node):
            return copy.deepcopy(new) if node is old else self.generic_visit(node)

    Swap().visit(tree)


def comparisons(node, _):
    for kind in COMPARED.get(type(node.ops[0]), ()):
        yield ast.Compare(node.left, [kind()], node.comparators)


def calculations(node, _):
    for kind in CALCULATED.get(type(node.op), ()):
        yield ast.BinOp(node.left, kind(), node.right)
    yield node.left
    yield node.right


def signs(node, _):
    yield node.operand


def constants(node, _):
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(2 * value), ast.Constant(0.0), ast.Constant(value + 1))
    elif isinstance(value, str):
        yield from map(ast.Constant, WRITTEN.get(value, ()))


def attributes(node, _):
    for name in NAMED.get(node.attr, ()):
        yield ast.Attribute(node.value, name, node.ctx)


def names(node, tree):
    """Names that are taken for each other, and all other names of the function."""
    if isinstance(node.ctx, ast.Load):
        own = [one.arg for one in ast.walk(tree) if isinstance(one, ast.arg)]
        own += [
            one.id
            for one in ast.walk(tree)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        ]
        for name in (*NAMED.get(node.id, ()), *(dict.fromkeys(own) if node.id in own else ())):
            yield ast.Name(name, node.ctx)


def calls(node, _):
    """Without the call, without one of its inputs, or with two inputs the other way round."""
    if isinstance(node.func, ast.Attribute):
        yield node.func.value
    elif node.args:
        first = node.args[0]
        yield first.value if isinstance(first, ast.Starred) else first
    for place in range(len(node.keywords)):
        rest = [one for number, one in enumerate(node.keywords) if number != place]
        yield ast.Call(node.func, node.args, rest)
    if len(node.args) == 2:
        yield ast.Call(node.func, node.args[::-1], node.keywords)


def slices(node, _):
    yield from (ast.Slice(None, node.upper), ast.Slice(node.lower, None))
    for side in ("lower", "upper"):
        if edge := getattr(node, side):
            yield ast.Slice(**{**vars_of(node), side: ast.BinOp(edge, ast.Add(), ONE)})
            yield ast.Slice(**{**vars_of(node), side: ast.BinOp(edge, ast.Sub(), ONE)})


def without_slices(node, _):
    if isinstance(node.slice, ast.Slice):
        yield node.value


def vars_of(node):
    return {"lower": node.lower, "upper": node.upper}


def decisions(node, _):
    for truth in (True, False):
        yield type(node)(ast.Constant(truth), node.body, node.orelse)


def both(node, _):
    yield from node.values


def rows(node, _):
    """Two values the other way round, and one left out."""
    if isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
        yield type(node)(node.elts[::-1], node.ctx)
        yield type(node)(node.elts[:1], node.ctx)


def returned(node, _):
    yield ast.Return(None)
    if node.value and not isinstance(node.value, ast.Tuple | ast.List | ast.Dict):
        yield from (ast.Return(ast.BinOp(node.value, kind, ONE)) for kind in (ast.Add(), ast.Sub()))
        yield ast.Return(ast.UnaryOp(ast.USub(), node.value))
        yield ast.Return(ast.List([node.value], ast.Load()))


def loops(node, _):
    """Without the first turn, without the last one, and only one turn."""
    turns = ast.Call(ast.Name("list", ast.Load()), [node.iter], [])
    for edge in (ast.Slice(ONE), ast.Slice(None, ast.Constant(-1)), FIRST):
        yield type(node)(**{**fields(node), "iter": ast.Subscript(turns, edge, ast.Load())})


FIRST = ast.Slice(None, ONE)


def fields(node):
    return {name: getattr(node, name, None) for name in node._fields}


def filters(node, _):
    if node.ifs:
        yield ast.comprehension(node.target, node.iter, [], node.is_async)


def sums(node, _):
    """What is added up is taken off, or takes the place of the sum."""
    other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
    yield ast.AugAssign(node.target, other, node.value)
    yield ast.Assign([node.target], node.value, lineno=0)


EDITS = [
    lambda tree, kind=kind, edits=edits: edited(tree, kind, edits)
    for kind, edits in (
        (ast.Compare, comparisons),
        (ast.BinOp, calculations),
        (ast.UnaryOp, signs),
        (ast.Constant, constants),
        (ast.Attribute, attributes),
        (ast.Name, names),
        (ast.Call, calls),
        (ast.Slice, slices),
        (ast.Subscript, without_slices),
        ((ast.If, ast.IfExp), decisions),
        (ast.BoolOp, both),
        ((ast.Tuple, ast.List), rows),
        (ast.Return, returned),
        (ast.For, loops),
        (ast.comprehension, filters),
        (ast.AugAssign, sums),
    )
]


# --------------------------------------------------------------------------------- whole lines


def bodies(tree):
    """The lists of lines, those of the innermost blocks too."""
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            lines = getattr(node, field, None)
            if isinstance(lines, list) and lines:
                yield lines


def lines_left_out(tree):
    for place, lines in enumerate(bodies(tree)):
        for number in range(len(lines)):
            other = copy.deepcopy(tree)
            [*bodies(other)][place][number : number + 1] = [ast.Pass()] * (len(lines) == 1)
            yield other


def lines_moved(tree):
    """Two lines the other way round; the last of a block behind it; the next one into it."""
    for place, lines in enumerate(bodies(tree)):
        for number in range(len(lines) - 1):
            other = copy.deepcopy(tree)
            twins = [*bodies(other)][place]
            twins[number : number + 2] = twins[number : number + 2][::-1]
            yield other
        for number, line in enumerate(lines):
            if isinstance(line, ast.For | ast.With | ast.If | ast.While):
                yield from across_the_edge(tree, place, number)


def across_the_edge(tree, place, number):
    other = copy.deepcopy(tree)
    lines = [*bodies(other)][place]
    if len(lines[number].body) > 1:
        lines.insert(number + 1, lines[number].body.pop())
        yield other
    for step, at in ((1, None), (-1, 0)):  # the line after the block, or before it
        other = copy.deepcopy(tree)
        lines = [*bodies(other)][place]
        if 0 <= number + step < len(lines):
            block, moved = lines[number], lines.pop(number + step)
            block.body.insert(len(block.body) if at is None else at, moved)
            yield other


def space_of(function):
    """The names that a solution can use."""
    return vars(sys.modules[function.__module__])
