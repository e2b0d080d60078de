"""What Python's jinja2, set up by transformers, renders: chat templates over message sets, and small snippets of the language.

Writes OUT/chat_templates/snippets.json {variables, cases: [{source, text | error}]} and templates.json
{variables: {name: {...}}, templates: {name: {source, cases: [{variables, text | error}]}}}. A case with an error is one at which
Python raises. The templates are our own, in the style of the well-known families. The time is 2026-02-03 16:05:09.

Reference: jinja2 3.1.6, transformers 5.23. No network.
"""

import argparse
import datetime
import json
import sys
from pathlib import Path

from transformers.utils import chat_template_utils
from transformers.utils.chat_template_utils import _compile_jinja_template, render_jinja_template

sys.path.insert(0, str(Path(__file__).with_suffix("")))  # the folder beside this file
from families import TEMPLATES  # noqa: E402
from messages import MESSAGE_SETS  # noqa: E402


class FixedTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 2, 3, 16, 5, 9)


chat_template_utils.datetime = FixedTime

VARIABLES = {
    "n": 5, "zero": 0, "neg": -7, "pi": 3.14159, "big": 12345678901234567, "yes": True, "no": False, "nothing": None,
    "s": "Hello World", "empty": "", "spaces": "  \t padded text \n ", "uni": "Grüße, ΑΣΣΑΣ ΟΔΟΣ 世界 😀 straße", "quote": "it's \"quoted\" \\ back\n\ttab\u0001\u00a0\u200b",
    "lines": "one\ntwo\r\n\nfour\x0bfive\u2028six\n", "csv": "a,b,,c,", "words": "the  quick brown\tfox",
    "list": [3, 1, 2], "mixed": [1, "a", None, True, 2.5, [1, 2], {"k": "v"}], "names": ["bob", "Alice", "carol", "alice"], "none_list": [],
    "dict": {"b": 1, "a": [1, 2], "C": {"x": None}, "items": "shadow", "keys": 5}, "deep": {"a": {"b": [{"c": "found"}]}},
    "people": [{"name": "Bob", "age": 30, "city": {"n": "Rome"}}, {"name": "al", "age": 25}, {"name": "Cy", "age": 30, "city": {"n": "Oslo"}}],
    "messages": [{"role": "system", "content": "Be <b>kind</b>."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo\n"}],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"z": 1.0, "a": [True, None, "é\u007f\"/\\"]}}}],
}

EXPRESSIONS = r"""
1 + 2 * 3 - 4
7 // 2
-7 // 2
-7 % 3
7 % -3
7.5 % -2
7.5 // 2
-7.5 // 2
2 ** 10
2 ** -1
2 ** 3 ** 2
-2 ** 2
7 / 2
6 / 3
1 / 0
1 // 0
1 % 0
0.1 + 0.2
1e16
1e15
123456789012345680.0
1.5e-5
0.0001
1e300 * 1e10
-1e300 * 1e10
1_000 + 0x1f + 0o17 + 0b101
1.5e3
5 // 0.3
true + true
true == 1
1 == 1.0
'1' == 1
none == false
[1, 2] == [1, 2.0]
(1, 2) == [1, 2]
{'a': 1} == {'a': 1.0}
1 < 2 < 3
1 < 3 < 2
3 > 2 >= 2 != 1
'a' < 'b'
'é' > 'z'
[1, 2] < [1, 3]
1 < 'a'
none < 1
'a' in 'cat'
'' in ''
1 in [1, 2]
1 in 'cat'
3 not in list
'b' in dict
'z' in dict
[1] in dict
1 in 5
'x' in missing
not yes
not missing
not not s
yes and n
no and missing.x
zero or empty or 'end'
no or none
n if yes else zero
n if no
(n if no) is defined
'a' ~ 1 ~ none ~ 2.0 ~ true ~ [1, 'b']
'a' + 'b'
'a' + 1
'a' * 3
3 * 'ab'
'a' * -1
[1] * 2 + [2]
(1,) + (2, 3)
[1] + (2,)
1 + none
missing + 1
missing ~ 'x'
missing
missing.attribute
missing['x']
missing is defined
missing is undefined
none.x
none.x.y
none['x']
n.x
s.x
s['x']
s[0]
s[-1]
s[20]
s['0']
uni[8:12]
uni[::-1]
s[::2]
s[5:1:-1]
s[-3:]
s[:-3]
s[:]
s[10:2]
s[::0]
list[1:]
list[::-1]
list[-1]
list[5]
list['a']
list[1.0]
list[true]
(1, 2, 3)[1:]
dict[1:]
dict.a
dict['a'][0]
dict.a.0
dict.missing
dict['items']
dict.items()|list
dict['keys']
dict.keys()
dict.values()
dict.items()
dict.get('a')
dict.get('zz')
dict.get('zz', 7)
dict.get('zz', default=7)
'a'.replace(old='a', new='b')
'a b c'.split(sep=' ', maxsplit=1)
'a\nb'.splitlines(keepends=true)
dict.pop('a')
dict.pop is defined
dict.update
dict.__class__
dict.__class__.__mro__
s.__class__
''.__class__.__mro__[1].__subclasses__()
list.append(1)
list.append
deep.a.b[0].c
deep['a']['b'][0]['c']
deep.a.b.0.c
s.upper()
s.lower()
uni.upper()
uni.lower()
uni.title()
uni.capitalize()
'hELLO wORLD'.capitalize()
"they're bill's".title()
spaces.strip()
spaces.lstrip()
spaces.rstrip()
'xxabcxx'.strip('x')
'abc'.strip('')
'mississippi'.strip('ipm')
s.split()
words.split()
words.split(none, 1)
words.split(' ')
words.split(' ', 1)
csv.split(',')
csv.split(',', 2)
csv.rsplit(',', 2)
words.rsplit(none, 1)
words.rsplit(maxsplit=1)
'  a b  '.split(none, 1)
'  a b  '.rsplit(none, 1)
'  a b  '.split(none, 0)
''.split()
''.split(',')
'abc'.split('')
lines.splitlines()
lines.splitlines(true)
'a-b-c'.partition('-')
'a-b-c'.rpartition('-')
'abc'.partition('-')
'abc'.rpartition('-')
s.replace('l', 'L')
s.replace('l', 'L', 2)
'abc'.replace('', '-')
'abc'.replace('', '-', 2)
'aaa'.replace('aa', 'b')
s.startswith('Hello')
s.startswith(('x', 'He'))
s.endswith('World')
s.startswith(1)
s.removeprefix('Hello ')
s.removesuffix('x')
', '.join(names)
', '.join(list)
','.join('abc')
s.find('World')
s.find('zz')
uni.find('世')
uni.rfind('s')
s.index('zz')
s.count('l')
s.count('')
s.isupper()
'ABC1'.isupper()
'abc'.islower()
'12'.isdigit()
'ab'.isalpha()
'a1'.isalnum()
'  '.isspace()
''.isspace()
'{} {}'.format(1, 'a')
'{1} {0} {x!r}'.format(1, 2, x='q')
'{{}} {}'.format(1)
'{}'.format()
'%s and %d' % ('a', 5)
'%s' % 5
'%5.2f|%-5s|%05d|%+d' % (3.14159, 'ab', 42, 7)
'%x %X %o %e %g' % (255, 255, 8, 12345.678, 0.0001)
'%(a)s' % {'a': 1}
'%s' % (1, 2)
'%s %s' % (1,)
'%d' % 'a'
'100%' % ()
'100%%' % ()
'%r' % 'it'
'%.2s|' % 'abcdef'
s is string
n is string
n is number
yes is number
yes is boolean
n is boolean
n is integer
yes is integer
pi is float
n is float
dict is mapping
list is mapping
list is sequence
s is sequence
dict is sequence
n is sequence
(1,2) is sequence
missing is sequence
dict.keys() is sequence
list is iterable
n is iterable
missing is iterable
s is iterable
nothing is none
nothing is not none
missing is none
yes is true
no is false
1 is true
n is odd
n is even
6 is divisibleby 3
6 is divisibleby(4)
n is eq 5
n is equalto 5
n is ne 5
n is gt 4
n is lt(4)
n is ge 5
n is le 5
n is greaterthan 4
n is lessthan 4
n is in [5]
n is not in [5]
'abc' is lower
'ABC' is upper
'trim' is filter
'nofilter' is filter
'odd' is test
range is callable
s is callable
none is sameas none
dict is sameas dict
s is escaped
n is defined and n is number or false
n is defined is true
'odd' is odd
missing is odd
spaces|trim
'xaxbx'|trim('x')
n|trim
s|upper
s|lower
uni|upper
uni|lower
uni|title
uni|capitalize
'hello-world (foo) [bar] <baz> it\'s'|title
s|length
uni|length
list|length
dict|count
n|length
missing|length
none|length
list|first
none_list|first
none_list|first is defined
s|first
dict|first
list|last
s|last
dict|last
none_list|last
missing|first
missing|last
list|join
list|join(', ')
mixed|join('|')
people|join(', ', attribute='name')
people|join(', ', attribute='city.n')
s|join('-')
missing|join(',')
none|join(',')
list|sort
list|sort(reverse=true)
names|sort
names|sort(case_sensitive=true)
people|sort(attribute='age')|map(attribute='name')|list
people|sort(attribute='age,name')|map(attribute='name')|join(' ')
people|sort(true, attribute='age')|map(attribute='name')|list
mixed|sort
names|unique|list
[1, 1.0, true, 2]|unique|list
list|min
list|max
names|min
none_list|max
none_list|max is defined
people|max(attribute='age')
list|sum
people|sum(attribute='age')
[[1], [2]]|sum(start=[])
['a']|sum
list|reverse|list
s|reverse
dict|reverse|list
list|list
s|list
dict|list
none|list
missing|list
5|list
names|map('upper')|list
names|map('replace', 'a', 'X')|list
people|map(attribute='city.n')|list
people|map(attribute='zip', default='-')|list
people|map(attribute='city', default={})|map(attribute='n', default='?')|list
none|map('upper')|list
[1,2]|map('nofilter')|list
[]|map('nofilter')|list
list|select('odd')|list
list|select|list
[0, 1, '', 'a', none]|select|list
[0, 1, '', 'a', none]|reject|list
list|select('gt', 1)|list
list|select('>', 1)|list
list|reject('in', [1, 2])|list
people|selectattr('age', 'equalto', 30)|map(attribute='name')|list
people|selectattr('city')|map(attribute='name')|list
people|rejectattr('age', '==', 30)|list
people|selectattr('city', 'defined')|list|length
people|selectattr('name', 'in', ['Cy', 'al'])|map(attribute='name')|join
people|selectattr('age', 'eq', 30)|first
people|selectattr('age', 'eq', 31)|first is defined
people|selectattr('age', 'eq', 30)|length
people|selectattr('age', 'eq', 30)|last
(people|map(attribute='name'))[0]
(people|map(attribute='name')|list)[0]
'x' if people|selectattr('age', 'eq', 99) else 'y'
dict|items|list
missing|items|list
n|items|list
dict|dictsort
dict|dictsort(true)
{'a': 2, 'b': 1}|dictsort(by='value')
{'a': 2, 'b': 1}|dictsort(reverse=true)
[1,2,3,4,5]|batch(2)|list
[1,2,3,4,5]|batch(2, 'x')|list
missing|default('d')
missing|default
empty|default('d')
empty|default('d', true)
none|default('d')
none|d('d', boolean=true)
'42'|int
'42.7'|int
'abc'|int
'abc'|int(7)
' 1_0 '|int
'0x1f'|int(0, 16)
'0x1f'|int(base=16)
'101'|int(base=2)
'0b11'|int(0, 0)
'1e3'|int
none|int
3.99|int
-3.99|int
true|int
missing|int
[1]|int(4)
'3.5'|float
'1e5'|float
'x'|float
'x'|float(2.5)
' inf '|float
'nan'|float
'1_0.5'|float
none|float
5|float
-5|abs
-5.5|abs
'a'|abs
42.55|round
2.5|round
3.5|round
-2.5|round
42|round
2.675|round(2)
42.551|round(1, 'floor')
42.551|round(1, 'ceil')
'a'|round
n|string ~ 'x'
none|string
s|safe
s|replace('o', '0')
n|replace(5, 6)
s|replace('l', 'L', 1)
lines|indent
lines|indent(2, true)
lines|indent(2, first=true, blank=true)
lines|indent('> ')
'a'|indent
'a\n'|indent
n|indent
s|wordcount
uni|wordcount
"it's a_b c-d"|wordcount
'%s=%s'|format('a', 1)
'%(x)s'|format(x=1)
dict|attr('a')
dict|attr('missing') is defined
tools|tojson
tools|tojson(indent=2)
tools|tojson(indent=0)
tools|tojson(true)
tools|tojson(ensure_ascii=true, indent=1)
tools|tojson(separators=(',', ':'))
tools|tojson(indent='--', separators=('; ', ' = '))
dict|tojson(sort_keys=true)
uni|tojson
uni|tojson(ensure_ascii=true)
quote|tojson
quote|tojson(ensure_ascii=true)
[1.0, 1e20, 1e-7, true, none, 'a', (1, 2)]|tojson
{1: 2, true: 3, none: 4, 1.5: 5}|tojson
{'a': {}, 'b': [], 'c': [[]]}|tojson(indent=2)
missing|tojson
range(3)|tojson
dict.items()|tojson
('inf'|float)|tojson
('nan'|float)|tojson
s|nofilter
s is notest
mixed
quote
[quote, "it's", 'say "x"', "\u0301\ud7ff"]
uni.split()
[uni]
{'a': {'b': (1,)}, 1: none, (1, 2): [], true: 0}
{1: 'a', true: 'b', 1.0: 'c'}
()
(1,)
(1, 2)
[]
{}
[[], {}, ()]
[missing]
[none, true, 1.0]
range(5)|list
range(1, 10, 3)|list
range(5, 0, -2)|list
range(0)|list
range(3)
range(3)[1]
range(3)|length
range(100001)|list
range(1, 2, 0)|list
range('a')
range()
dict(a=1, b=2)
dict({'a': 1}, b=2)
dict([('a', 1)])
namespace(a=1).a
namespace(a=1).b is defined
namespace({'x': 2}).x
namespace(a=1)['a']
raise_exception('stop')
raise_exception()
strftime_now('%d %b %Y')
strftime_now('%Y-%m-%d %H:%M:%S %A %B %j %p %I %y %-d')
strftime_now('plain')
undefined_function()
s()
s.nomethod()
dict.a()
'\x41\u00e9\U0001F600\101\t\\\'\"\q'
'a' 'b' "c"
"multi
line"
1 if 0 else 2 if 0 else 3
(1, 2) if yes else 3
yes if yes is true else no
n in [1, 5] and s
-n
+n
- -n
-s
not n == 5
n == 5 == true
-n|abs
[1, 2, 3][0]
{'a': 1}.a
{'a': 1}['a']
"abc"[1]
(s|upper).lower()
s|upper|lower|title
s.split()[0].lower()|upper
'a.b'.split('.')[1]
messages[0]['content']
messages[-1].content
messages|length
messages[1:]|map(attribute='role')|join(',')
messages[::-1]|map(attribute='role')|list
messages|selectattr('role', 'equalto', 'user')|list|length
messages[0].role == 'system' and messages|length > 1
messages[10].role
messages[10] is defined
messages[0].get('tool_calls') is none
messages[0].tool_calls is defined
'tool_calls' in messages[0]
loop
loop.index
caller
""".strip("\n")

STATEMENTS = [
    "{% set x = 1 %}{{ x }}", "{% set x, y = 1, 2 %}{{ x }}{{ y }}", "{% set (x, y) = (1, 2) %}{{ x + y }}", "{% set x, y = [1] %}", "{% set x = 1, 2 %}{{ x }}",
    "{% set x = 1 %}{% if yes %}{% set x = 2 %}{% endif %}{{ x }}", "{% set x = 1 %}{% for i in list %}{% set x = i %}{{ x }}{% endfor %}{{ x }}",
    "{% for i in list %}{% if loop.first %}{% set y = i %}{% endif %}{{ y }}|{% endfor %}", "{% for i in list %}{% set y = 1 %}{% endfor %}{{ y is defined }}",
    "{% set ns = namespace(a=0) %}{% for i in list %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}", "{% set ns = namespace() %}{{ ns.x is defined }}{% set ns.x = 1 %}{{ ns.x }}",
    "{% set ns = namespace() %}{% set ns._x = 1 %}", "{% set s.x = 1 %}", "{% set dict.x = 1 %}", "{% set missing.x = 1 %}", "{% set ns = namespace() %}{% set ns.a, b = 1, 2 %}{{ ns.a }}{{ b }}",
    "{% set x %}block {{ n }}{% endset %}[{{ x }}]", "{% set x | upper | replace('B', '-') %}block{% endset %}[{{ x }}]", "{% set x %}{% set y = 2 %}{% endset %}{{ y is defined }}",
    "{% if no %}a{% elif n == 5 %}b{% else %}c{% endif %}", "{% if no %}a{% elif no %}b{% endif %}", "{% if missing %}a{% else %}b{% endif %}", "{% if n, no %}a{% endif %}", "{% if yes: %}a{% endif %}",
    "{% for i in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }},{% endfor %}",
    "{% for i in list %}{{ loop.previtem }}<{{ i }}>{{ loop.nextitem }};{% endfor %}", "{% for i in list %}{{ loop.previtem.x }}{% endfor %}", "{% for i in list %}{{ loop.nextitem is defined }}{% endfor %}",
    "{% for i in [1,1,2] %}{{ loop.changed(i) }}{% endfor %}", "{% for i in list %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for i in list %}{{ loop.cycle() }}{% endfor %}", "{% for i in list %}{{ loop.nothing is defined }}{{ loop['index'] }}{% endfor %}",
    "{% for i in [] %}a{% else %}b{% endfor %}", "{% for i in missing %}a{% else %}b{% endfor %}", "{% for i in none %}a{% endfor %}", "{% for i in 5 %}a{% endfor %}", "{% for c in 'héé' %}{{ c }}.{% endfor %}",
    "{% for k in dict %}{{ k }}{% endfor %}", "{% for k, v in dict.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k, v in dict|items %}{{ k }};{% endfor %}", "{% for a, b in [(1, 2), [3, 4]] %}{{ a }}{{ b }}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
    "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for i in list if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %}", "{% for i in list if i > 9 %}a{% else %}none{% endfor %}", "{% for i in list if loop.first %}{% endfor %}",
    "{% for i in range(10) %}{% if i == 3 %}{% break %}{% endif %}{{ i }}{% endfor %}", "{% for i in range(5) %}{% if i is odd %}{% continue %}{% endif %}{{ i }}{% endfor %}", "{% break %}", "{% for i in list %}{% for j in list %}{% if j == 1 %}{% break %}{% endif %}{{ i }}{{ j }} {% endfor %}{% endfor %}",
    "{% for i in list %}{% set outer = loop %}{% for j in 'ab' %}{{ outer.index }}{{ loop.index }} {% endfor %}{% endfor %}", "{% for i in list %}{% endfor %}{{ i is defined }}{{ loop is defined }}", "{% set i = 9 %}{% for i in list %}{{ i }}{% endfor %}{{ i }}",
    "{% for i in (1, 2) %}{{ i }}{% endfor %}", "{% for i in 1, 2 %}{{ i }}{% endfor %}", "{% for x in people|selectattr('age', 'eq', 30) %}{{ x.name }}{{ loop.length }}{{ loop.last }}{% endfor %}", "{% set g = list|map('string') %}{{ g|list }}{{ g|list }}", "{% set g = list|map('string') %}{{ g|first }}{{ g|first }}{{ g|list }}",
    "{% macro m(a, b=2) %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(a=5) }}{{ m(b=6, a=7) }}{{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(z=2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, a=2) }}",
    "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(4) }}", "{% macro m(a, b=a~'!') %}{{ b }}{% endmacro %}{{ m('x')|upper }}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}", "{% macro m() %}{{ later }}{% endmacro %}{% set later = 1 %}{{ m() }}",
    "{% macro m() %}{% set x = 5 %}{{ x }}{% endmacro %}{{ m() }}{{ x is defined }}", "{% macro m() %}{{ n }}{% endmacro %}{{ m() ~ m() }}", "{% macro m(x) %}{{ x.y }}{% endmacro %}{{ m() }}", "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m() %}  {{- ' x ' -}}  {% endmacro %}[{{ m() }}]", "{{ m() }}{% macro m() %}{% endmacro %}",
    "{% macro wrap(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call wrap('b') %}in{{ n }}{% endcall %}", "{% macro each(l) %}{% for i in l %}{{ caller(i, loop.index) }}{% endfor %}{% endmacro %}{% call(x, k) each(list) %}{{ k }}:{{ x }} {% endcall %}",
    "{% macro m() %}{% if caller %}c{% else %}n{% endif %}{% endmacro %}{{ m() }}{% call m() %}{% endcall %}", "{% call m %}{% endcall %}", "{% for i in list %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}",
    "{% with a=1, b=2 %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}", "{% with %}{% set q = 1 %}{% endwith %}{{ q is defined }}", "{% with n=6, m=n %}{{ m }}{% endwith %}", "{% filter upper %}abc{{ s }}{% endfilter %}", "{% filter upper|replace('A', 'x') %}abc{% endfilter %}", "{% print n, s %}", "{% print s %}",
    "{% generation %}{{ n }}{% set gx = 1 %}{% endgeneration %}{{ gx is defined }}", "{% raw %}{{ not }} {% if %}{% endraw %}", "{%- raw -%}  {{ x }}  {%- endraw -%}  y", "a\n  {% raw %}\n b \n  {% endraw %}\nc", "{# comment {{ x }} #}a", "a {#- c -#} b", "a\n  {# c #}\nb", "a {# c",
    "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% do list.append(1) %}", "{% unknown %}", "{% if yes %}", "{% endif %}", "{% for %}{% endfor %}", "{{ }}", "{{ n", "{% set x = %}", "{{ n n }}", "{{ (n }}", "{{ n) }}", "{{ [n }}", "{{ {'a' 1} }}", "{{ 'abc }}", "{{ n | }}", "{{ n.}}", "{{ 007 }}", "{{ 1.x }}", "{{ $ }}", "{{ a b }}", "{% if %}{% endif %}", "{% set 1 = 2 %}", "{% set true = 2 %}", "{{ n is }}", "{{ f(a=1, 2) }}", "{% else %}", "{{ n ? 1 : 2 }}", "{{ a && b }}", "{{ !a }}", "{{ 'a' is string string }}", "{{ x = 1 }}",
    "a{{ n }}b", "  {{ n }}  ", "\n{{ n }}\n", "{{ n }}\n\n", "a\r\nb\rc\n", "  {% if yes %}  x  {% endif %}  ", "a\n  {% if yes %}\n  b\n  {% endif %}\nc\n", "a\n  {%+ if yes %}\n  b\n  {%+ endif +%}\nc", "a  {%- if yes -%}  b  {%- endif -%}  c", "a \n {{- n -}} \n b", "a {{+ n }} b", "a {%- if yes +%}\nb{% endif %}",
    "{% if yes %}\n\nx{% endif %}", "x{% if yes %}\ny{% endif %}\nz", "\t {% set q = 1 %}\n\tx", "a {% set q = 1 %} b\n {% set q = 2 %} c", "a\n{% for i in list %}\n - {{ i }}\n{% endfor %}\nb", "{%- for i in list %}\n    {{- i }}\n{%- endfor %}\n", "{{- '' }}\n  {% if yes %}x{% endif %}", "{{ n -}}\n  {% if yes %}x{% endif %}",
    "{{ n }}  {% if yes %}x{% endif %}", "{{ '{{' }}{{ '}}' }}{{ '%}' }}", "{{ {'a': {'b': 1}}.a.b }}", "{{ {'a': 1}}}", "{% set q = {'a': 1}%}{{ q }}", "{ {{ n }} }", "{{ '}' }}}", "{%if yes%}x{%endif%}", "{{n}}{{-n-}}{{n}}", "{#- a -#}\n  {%- if yes %} b {% endif -%}\n", "{{ n }}{# c #}\n{{ n }}", "{{ n }}{#- c +#}\nx", "x {#+ c #} y\n  {#+ c #} z", "\u3000{%- if yes %}x{% endif %}\u00a0{{- n }}", "a\n\u3000{% if yes %}x{% endif %}",
    "{{ not_there }}{{ [] }}", "<{{ '' }}>", "{{ true }}{{ True }}{{ none }}{{ None }}{{ false }}", "{{ (1, 2)|first, 3 }}", "{{ 1, }}", "{{ () }}", "{{ s[0:5] ~ ',' ~ s[6:] }}", "{{ dict }}{{ people[0] }}", "{{ '\\n' }}|{{ \"\\\"\" }}", "{{ 'a'\n ~\n 'b' }}\n{{ missing.x }}",
    "{% set x = namespace(list=[]) %}{% for m in messages %}{% set x.list = x.list + [m.role] %}{% endfor %}{{ x.list|join(',') }}", "{% set content = messages[0]['content'] %}{% if content is string %}{{ content|trim }}{% endif %}",
]


def snippets():
    sources = ["{{ " + expression + " }}" for expression in joined(EXPRESSIONS)] + STATEMENTS
    return {"variables": VARIABLES, "cases": [{"source": source} | rendered(lambda: _compile_jinja_template(source).render(**VARIABLES)) for source in sources]}


def joined(text):
    """Lines; one with an open quote goes on in the next."""
    lines = []
    for line in text.split("\n"):
        if lines and lines[-1].count('"') % 2 and lines[-1].startswith('"multi'):
            lines[-1] += "\n" + line
        else:
            lines.append(line)
    return lines


def rendered(render):
    try:
        text = render()
        text.encode("utf-8")
        return {"text": text}
    except Exception as error:  # whatever Python raises
        return {"error": f"{type(error).__name__}: {error}"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out / "chat_templates"
    out.mkdir(parents=True, exist_ok=True)
    (out / "snippets.json").write_text(json.dumps(snippets()), encoding="utf-8")
    templates = {}
    for name, source in TEMPLATES.items():
        cases = []
        for set_name, variables in MESSAGE_SETS.items():
            given = {key: value for key, value in variables.items() if key not in ("messages", "tools", "documents", "add_generation_prompt")}
            case = rendered(lambda: render_jinja_template([variables["messages"]], variables["tools"], variables.get("documents"), source,
                                                          add_generation_prompt=variables["add_generation_prompt"], **given)[0][0])
            cases.append({"variables": set_name} | case)
        templates[name] = {"source": source, "cases": cases}
    (out / "templates.json").write_text(json.dumps({"variables": MESSAGE_SETS, "templates": templates}), encoding="utf-8")


if __name__ == "__main__":
    main()
