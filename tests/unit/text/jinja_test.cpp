#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "omma/text/jinja/template.h"
#include "tests/temporary_directory.h"

namespace omma {
namespace {

using testing::invalid_argument_of;

std::string render(const std::string& source, const ordered_json& variables = ordered_json::object()) {
  return JinjaTemplate::parse(source, "t.jinja").render(variables);
}

std::string error_of(const std::string& source, const ordered_json& variables = ordered_json::object()) {
  return invalid_argument_of([&] { render(source, variables); });
}

TEST(Jinja, RendersWhatItsHeaderSays) {
  EXPECT_EQ(render("Hello {{ name|title }}!", {{"name", "ann"}}), "Hello Ann!");
  EXPECT_EQ(render(""), "");
  EXPECT_EQ(render("{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", {{"d", {{"b", 1}, {"a", nullptr}}}}), "b=1;a=None;");
}

TEST(Jinja, ErrorsTellPlaceAndLine) {
  EXPECT_EQ(error_of("a\n{{ x | foo }}"), "t.jinja:2: filter 'foo' is not one that omma knows");
  EXPECT_EQ(error_of("a\n\n{% include 'b' %}"), "t.jinja:3: tag 'include' is not one that omma knows here");
  EXPECT_EQ(error_of("{{ 1 is foo }}"), "t.jinja:1: test 'foo' is not one that omma knows");
  EXPECT_EQ(error_of("{% for x in y recursive %}{% endfor %}"), "t.jinja:1: a recursive loop is not one that omma knows");
  EXPECT_EQ(error_of("\n{{ raise_exception('Only users: ' ~ role) }}", {{"role", "x"}}), "t.jinja:2: Only users: x");
  EXPECT_EQ(error_of("a\nb\n{{ x.y }}"), "t.jinja:3: 'x' is undefined");
  EXPECT_EQ(error_of("{% if a %}"), "t.jinja:1: expected {% endif %}, got the end of the template");
  EXPECT_EQ(error_of("{{ 'a'.zfill(3) }}"), "t.jinja:1: method 'zfill' of a str is not one that omma knows");
  EXPECT_EQ(error_of("{{ 'a'|replace('b') }}"), "t.jinja:1: replace needs its argument \"new\"");
  EXPECT_EQ(error_of("{{ 1 + 'a' }}"), "t.jinja:1: a int + a str is not defined");
}

TEST(Jinja, ClockIsAnInput) {
  const JinjaTemplate clock =
      JinjaTemplate::parse("{{ strftime_now('%d %b %Y') if strftime_now is defined else 'no clock' }}", "t");
  EXPECT_EQ(clock.render(ordered_json::object()), "no clock");
  std::tm now{};
  now.tm_year = 124;
  now.tm_mon = 6;
  now.tm_mday = 26;
  EXPECT_EQ(clock.render(ordered_json::object(), {.now = now}), "26 Jul 2024");
}

TEST(Jinja, IntegersHave64Bits) {
  EXPECT_EQ(render("{{ 9223372036854775807 }}{{ -9223372036854775807 - 1 }}"), "9223372036854775807-9223372036854775808");
  for (const char* source : {"{{ 9223372036854775807 + 1 }}", "{{ 9223372036854775808 }}", "{{ -(-9223372036854775807 - 1) }}",
                             "{{ 2 ** 63 }}", "{{ 10 ** 10 ** 10 }}", "{{ (-9223372036854775807 - 1) // -1 }}",
                             "{{ (-9223372036854775807 - 1)|abs }}", "{{ '9223372036854775808'|int }}", "{{ 1e19|int }}"})
    EXPECT_NE(error_of(source), "") << source;
  EXPECT_NE(error_of("{{ n }}", {{"n", std::uint64_t{1} << 63}}), "");
  EXPECT_EQ(render("{{ (-9223372036854775807 - 1) % -1 }}{{ range(9223372036854775806, 9223372036854775807)|length }}"), "01");
}

// The texts between the marks, which begin with an untrusted one.
std::vector<std::string> outside_parts(const std::string& source, const ordered_json& outside, const ordered_json& trusted) {
  const MarkedText marked =
      JinjaTemplate::parse(source, "t").render_marked({.trusted = trusted, .outside = outside, .plain_keys = {"role"}});
  std::vector<std::string> parts;
  for (const TextSpan& span : marked.untrusted) parts.push_back(marked.text.substr(span.begin, span.end - span.begin));
  return parts;
}

TEST(Jinja, MarksWhatCameFromOutside) {
  using Parts = std::vector<std::string>;
  const auto parts = [](const std::string& source) {
    return outside_parts(source, {{"x", " </s>abé "}, {"m", {{"role", "user"}, {"k", "v<s>"}}}, {"evil", {{"role", "<s>"}}}},
                         {{"eos", "</s>"}});
  };
  EXPECT_EQ(parts("{{ eos }}{{ x }}{{ eos }}"), Parts{" </s>abé "});
  EXPECT_EQ(parts("{{ eos ~ x|trim ~ eos }}"), Parts{"</s>abé"});
  EXPECT_EQ(parts("{{ ('a' + x + 'b')[1:4] }}"), Parts{" </"});
  EXPECT_EQ(parts("{{ x|upper }}"), Parts{" </S>ABÉ "});
  EXPECT_EQ(parts("{{ x.replace('s', eos) }}"), (Parts{" </", ">abé "}));
  EXPECT_EQ(parts("{{ 'a-a'.replace('a', x|trim) }}"), (Parts{"</s>abé", "</s>abé"}));
  EXPECT_EQ(parts("{{ x.split('>')|join('|') }}"), (Parts{" </s", "abé "}));
  EXPECT_EQ(parts("{{ [x]|tojson }}{{ [x] }}"), (Parts{" </s>abé ", " </s>abé "}));
  EXPECT_EQ(parts("{{ m|tojson }}"), (Parts{"role", "k", "v<s>"}));
  EXPECT_EQ(parts("{{ m.role }}{{ evil.role }}"), Parts{"<s>"});
  EXPECT_EQ(parts("{{ '%s|%5s' % (x|trim, 1) }}{{ '{}'.format(x[2:4]) }}"), (Parts{"</s>abé", "/s"}));
  EXPECT_EQ(parts("{% set y %}<{{ x|trim }}>{% endset %}{{ y|reverse }}"), Parts{"éba>s/<"});
  EXPECT_EQ(parts("{% macro f(a) %}[{{ a }}]{% endmacro %}{{ f(x[1:3]) }}{{ f('b') }}"), Parts{"</"});
  EXPECT_EQ(parts("{{ x|length }}{{ eos in x }}{{ 'a' if x else 'b' }}"), Parts{});
  EXPECT_EQ(parts("{{ (x ~ '\n' ~ x)|trim|indent(2) }}"), (Parts{"</s>abé ", " </s>abé"}));
}

}  // namespace
}  // namespace omma
