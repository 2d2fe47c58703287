"""The engine of the studies: what a study is, where its rows are kept, and how they are filled, on any machine.

`grid` says which cells a study has, `keys` names a cell by what its numbers depend on, `store` keeps rows under these
names, `here` is what a notebook sees of all this, `executing` runs one cell's notebook, `plan` lists what is to be
done, `running` has it done in parallel, and `collecting` makes one table of it.
"""
