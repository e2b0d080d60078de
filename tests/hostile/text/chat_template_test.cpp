// T10: templates made to hang, to exhaust memory or to reach what is not theirs.
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "omma/text/jinja/template.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

// The error of a template that has to end in one, soon. Fewer steps than usual, since the sanitizers make each slow.
constexpr JinjaLimits kLimits{.steps = 600'000};
std::string rendering_error_of(const std::string& source) {
  const std::clock_t begin = std::clock();
  std::string error =
      invalid_argument_of([&] { JinjaTemplate::parse(source, "t").render(ordered_json::object(), {.limits = kLimits}); });
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 60) << source.substr(0, 200);
  return error;
}

void expect_refused(const std::string& source, const std::string& part) {
  const std::string error = rendering_error_of(source);
  EXPECT_NE(error.find(part), std::string::npos) << source.substr(0, 200) << "\n" << error;
}

TEST(ChatTemplate, T10Loops) {
  expect_refused("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nested deeper than");
  expect_refused("{% macro f(n) %}{% call f(n) %}{% endcall %}{% endmacro %}{{ f(1) }}", "nested deeper than");
  const std::string ranges = repeated("{% for i in range(100000) %}", 4) + "x" + repeated("{% endfor %}", 4);
  expect_refused(ranges, "takes more than 600000 steps");
  expect_refused("{% for i in range(1000000000) %}x{% endfor %}", "longer than 100000");
  expect_refused("{% for i in range(-9223372036854775807, 9223372036854775807) %}{% endfor %}", "longer than 100000");
  expect_refused("{% macro f(n) %}{{ f(n - 1) ~ f(n - 1) if n }}{% endmacro %}{{ f(40) }}", "takes more than");
}

TEST(ChatTemplate, T10Memory) {
  expect_refused("{{ 'a' * 1000000000 }}", "makes a text of more than");
  expect_refused("{{ 'a' * 9223372036854775807 }}", "makes a text of more than");
  expect_refused("{{ ([1] * 1000000000)|length }}", "takes more than");
  expect_refused("{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                 "takes more than");
  expect_refused("{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                 "takes more than");
  expect_refused("{% set a = 'xyxz' * 25000 %}{{ a|replace('x', a) }}", "makes a text of more than");
  expect_refused("{% set a = 'xyxz' * 25000 %}{{ a.replace('', a) }}", "makes a text of more than");
  expect_refused("{% set a = 'xyxz' * 25000 %}{{ a|list|join(a) }}", "makes a text of more than");
  expect_refused("{% set a = 'xyz ' * 250000 %}{% for i in range(99) %}{{ a }}{% endfor %}", "makes a text of more than");
  expect_refused("{% set a = 'xyz ' * 250000 %}{% for i in range(99) %}{% set b = a|upper %}{% endfor %}", "takes more than");
  expect_refused("{{ '%1000000000d' % 1 }}", "a width of at most 1000");
  expect_refused("{{ 'a'|indent(9223372036854775807) }}", "makes a text of more than");
  expect_refused("{{ [1]|tojson(indent=1000000000) }}", "makes a text of more than");
  expect_refused("{{ [1]|batch(9223372036854775807, 0)|list }}", "takes more than");
  expect_refused("{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}",
                 "nested deeper than");
  expect_refused("{% set ns = namespace(x=none) %}{% for i in range(9999) %}{% set ns.x = [ns.x].index %}{% endfor %}", "");
  expect_refused(
      "{% set ns = namespace(x=1) %}{% for i in range(9999) %}{% for j in [ns.x] %}{% set ns.x = loop %}{% endfor %}{% endfor %}",
      "nested deeper than");
}

TEST(ChatTemplate, T10Searches) {
  const std::string texts = "{% set a = 'aaaa' * 200000 %}{% set b = 'aaaa' * 100000 ~ 'b' %}";
  for (const char* search : {"{{ b in a }}", "{{ a.find(b) }}", "{{ a.replace(b, '') }}", "{{ a.split(b) }}", "{{ a.count(b) }}"})
    expect_refused(texts + search, "takes more than");
  std::string names;
  for (int i = 0; i < 20'000; ++i) names += "{% set a" + std::to_string(i) + " = 1 %}";
  expect_refused(names, "takes more than");
}

// A namespace that holds itself is no leak (LeakSanitizer watches) and does not print without end.
TEST(ChatTemplate, T10Cycles) {
  EXPECT_EQ(rendering_error_of("{% set ns = namespace() %}{% set ns.me = [ns] %}{% macro f() %}{% endmacro %}{% set ns.f = f %}"),
            "");
  expect_refused("{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me }}", "a namespace does not print");
  EXPECT_EQ(rendering_error_of("{% set ns = namespace() %}{% set ns.me = [ns] %}{{ ns.me == ns.me }}{{ ns.me == [ns] }}"), "");
}

TEST(ChatTemplate, T10Depth) {
  for (const char* open : {"(", "[", "{1:", "not ", "-", "1 if 1 else ", "x is eq [", "f(", "a[", "'a'|d("})
    expect_refused("{{ " + repeated(open, 50'000), "nested deeper than");
  expect_refused(repeated("{% if x %}", 50'000), "nested deeper than");
  expect_refused("{% set " + repeated("(", 20'000) + "a", "nested deeper than");
  EXPECT_EQ(rendering_error_of("{{ 1" + repeated(" + 1", 20'000) + " }}"), "");  // flat, however long
  EXPECT_EQ(rendering_error_of("{{ 'a'" + repeated("|trim", 20'000) + " }}"), "");
  EXPECT_EQ(rendering_error_of("{% if 0 %}" + repeated("{% elif 0 %}", 50'000) + "{% endif %}"), "");
  expect_refused(std::string((1 << 20) + 1, 'x'), "expected a template of at most");
}

TEST(ChatTemplate, T10Attributes) {
  for (const char* walk : {"{{ ''.__class__.__mro__ }}", "{{ [].__class__.__base__.__subclasses__() }}",
                           "{{ {}.__init__.__globals__ }}", "{{ range.__globals__.x }}", "{{ ''['__class__']['__mro__'] }}",
                           "{{ (''|attr('__class__')).x }}", "{{ cycler.__init__.__globals__.os }}", "{{ self.__init__ }}",
                           "{{ namespace.__init__.x }}", "{{ '{0.__class__}'.format(1) }}", "{{ [1].append(2) }}",
                           "{{ {}.update({}) }}", "{{ open('/etc/passwd') }}", "{{ config.items() }}", "{% import 'os' as os %}",
                           "{% include '/etc/passwd' %}", "{{ [''.__class__]|map(attribute='__mro__.x')|list }}"})
    EXPECT_NE(rendering_error_of(walk), "") << walk;
}

TEST(ChatTemplate, T10Bytes) {
  expect_refused("\xff", "expected valid UTF-8");
  expect_refused("{{ '\\ud800' }}", "is no character");
  expect_refused("{{ 'a", "without its closing quote");
  expect_refused("{{ \"a\\", "without its closing quote");
  expect_refused("{# a", "a comment without its end");
  expect_refused("{% raw %}", "expected {% endraw %}");
  EXPECT_NE(invalid_argument_of([] { JinjaTemplate::parse("{{ x }}", "t").render({{"x", "\xff"}}); }).find("expected valid UTF-8"),
            std::string::npos);
  ordered_json deep = 1;
  for (int i = 0; i < 1000; ++i) deep = ordered_json::array({deep});
  EXPECT_NE(invalid_argument_of([&] { JinjaTemplate::parse("", "t").render({{"x", deep}}); }).find("nested deeper"),
            std::string::npos);
}

}  // namespace
}  // namespace omma
