// Templates in the subset of Jinja 3.1 that chat templates use, rendered as transformers 5.23 renders them.
//
//   const auto greeting = JinjaTemplate::parse("Hello {{ name|title }}!", "greeting.jinja");
//   const std::string text = greeting.render({{"name", "ann"}});
//
// White space as with trim_blocks and lstrip_blocks. Built: set, if, for (with else, a condition, break and continue), macro, call,
// with, filter, print, raw, generation; all operators; the filters, tests and functions of the tables beside this; what Python's
// str, dict and list can do that changes nothing. Refused by name and line: include, import, extends, block, autoescape, do,
// recursive loops, *arguments, filters and methods that are in no table. A template sees its variables alone: no files, no clock,
// no code. Unlike Python: integers have 64 bits, `safe` does nothing, a filter that is missing is an error even where it is never
// reached.
#pragma once

#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "omma/text/jinja/budget.h"
#include "omma/text/marked_text.h"

namespace omma {

using ordered_json = nlohmann::ordered_json;  // the order of keys shows where a template writes JSON

struct JinjaOptions {
  JinjaLimits limits = {};
  std::optional<std::tm> now = std::nullopt;  // what strftime_now() tells; the function is undefined without it
};

// Variables by name, two objects: every text of the second, keys too, is marked in what is rendered, wherever a template takes it,
// but for the plain words under `plain_keys`.
struct JinjaVariables {
  ordered_json trusted = ordered_json::object();
  ordered_json outside = ordered_json::object();
  std::vector<std::string> plain_keys = {};
};

// Immutable; const members may be called from several threads. Cheap to copy.
class JinjaTemplate {
 public:
  // Throws std::invalid_argument that begins with `where` and the line.
  static JinjaTemplate parse(std::string_view source, std::string_view where, const JinjaLimits& limits = {});

  // Throws std::invalid_argument, with `where` and line, what Python throws at: a wrong type, an undefined value that is used, the
  // template's own raise_exception(); and over the limits.
  std::string render(const ordered_json& variables, const JinjaOptions& options = {}) const;
  MarkedText render_marked(const JinjaVariables& variables, const JinjaOptions& options = {}) const;

 private:
  struct Tree;
  explicit JinjaTemplate(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<const Tree> tree_;
};

}  // namespace omma
