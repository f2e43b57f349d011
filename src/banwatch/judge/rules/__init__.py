"""The rules: named, versioned conditions over evidence, and what each says when it holds.

- A *rule* (`rule.Rule`) is an entry of the table: id, layer, condition, state, mechanism, reason and source.
- `table.RULES` is the table in its order, `table.RULESET` its version.
- One module a layer or subject holds the rules of that layer: `dns`, `lookup`, `connection`, `http`, `path`,
  `services`, `whole`.
- `phrases` are the parts of sentences that rules share.
"""
