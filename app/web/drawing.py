"""Templates compiled so that a nested block or an included piece comes as one text."""

from __future__ import annotations

from jinja2 import Environment, nodes
from jinja2.compiler import CodeGenerator, Frame


class WholeBlocks(CodeGenerator):
    """Joins what a block or an include draws before it is handed on.

    Jinja hands each scrap of text, a few letters long, through every template and block around it;
    a page of forty rows has thousands of scraps six blocks deep. What is drawn stays the same.
    """

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:  # noqa: N802  # Jinja's name
        """One text for a whole block."""
        if frame.toplevel or frame.buffer is not None or node.required:
            super().visit_Block(node, frame)
            return
        context = self.derive_context(frame) if node.scoped else self.get_context_ref()
        drawn = f"context.blocks[{node.name!r}][0]({context})"
        self.writeline(f"yield ''.join({drawn})", node)

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:  # noqa: N802  # as above
        """One text for a whole included template."""
        plain = isinstance(node.template, nodes.Const) and isinstance(node.template.value, str)
        if frame.buffer is not None or not plain or not node.with_context or node.ignore_missing:
            super().visit_Include(node, frame)
            return
        self.writeline("template = environment.get_template(", node)
        self.visit(node.template, frame)
        self.write(f", {self.name!r})")
        inner = f"template.new_context(context.get_all(), True, {self.dump_local_context(frame)})"
        self.writeline(f"yield ''.join(template.root_render_func({inner}))")


def install(environment: Environment) -> None:
    """Compiles the templates of an environment so; before the first of them is loaded."""
    environment.code_generator_class = WholeBlocks
