# SPDX-License-Identifier: Apache-2.0
"""The rows of compare.py: a job type with its arguments, and what a person would type instead. A new
row needs nothing but a line here."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Row:
    name: str
    jobtype: str
    file: str
    """The job's arguments; {file} and {out} are names below the roots."""
    args: list
    """program -> its words; {file} and {out} are paths; a text is for the shell."""
    peers: dict
    """Whether it is also measured with one and with two slots."""
    scales: bool = False


ROWS = [
    Row('count words', 'text.wordcount', 'words.txt', ['{file}'],
        {'wc': 'wc -lwm {file}', 'awk': "awk '{{for(i=1;i<=NF;i++)n[$i]++}}END{{for(w in n)print "
                                        "n[w],w}}' {file} | sort -rn | head"}),
    Row('gzip -6', 'file.compress', 'access.log', ['{file}', '{out}.gz', {'level': 6}],
        {'gzip': 'gzip -6 -c {file} > {out}.gz'}, scales=True),
    Row('zstd -3', 'file.compress', 'access.log',
        ['{file}', '{out}.zst', {'format': 'zstd', 'level': 3}],
        {'zstd': 'zstd -q -3 --single-thread -f {file} -o {out}.zst'}),
    Row('SHA-256', 'file.hash', 'words.txt', ['{file}'], {'sha256sum': 'sha256sum {file}'}),
    Row('describe a table', 'csv.stats', 'orders.csv', ['{file}'],
        {'mlr': 'mlr --icsv --ojson summary {file}'}, scales=True),
    Row('sort a table', 'csv.sort', 'orders.csv',
        ['{file}', '{out}.csv', {'by': 'amount:number'}],
        {'mlr': 'mlr --csv sort -nf amount {file} > {out}.csv',
         'sort': "(head -1 {file}; tail -n +2 {file} | LC_ALL=C sort -t, -k5,5n) > {out}.csv"}),
    Row('group a table', 'csv.aggregate', 'orders.csv',
        ['{file}', '{out}.csv', {'by': 'town', 'compute': 'sum(amount)'}],
        {'mlr': 'mlr --csv stats1 -a sum -f amount -g town {file} > {out}.csv'}, scales=True),
    Row('analyse a log', 'log.analyze', 'access.log', ['{file}'],
        {'goaccess': 'goaccess --log-format=COMBINED --no-global-config --no-progress -o {out}.json {file}',
         'awk': "awk '{{n[$9]++;p[$7]++;b+=$10}}END{{for(s in n)print s,n[s];print b}}' {file}"},
        scales=True),
    Row('resize a picture', 'image.resize', 'photo.png', ['{file}', '{out}.jpg', {'width': 1024}],
        {'vips': 'vips thumbnail {file} {out}.jpg 1024'}, scales=True),
    Row('pack a file', 'archive.create', 'access.log', ['{file}', '{out}.tar.zst'],
        {'tar': 'tar --zstd -cf {out}.tar.zst -C {folder} {name}'}),
]
