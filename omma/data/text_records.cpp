#include "omma/data/text_records.h"

#include <algorithm>
#include <cmath>

#include "omma/base/file.h"

namespace omma {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n\f\v";
  const std::size_t begin = text.find_first_not_of(spaces);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

// Where a bare NaN, Infinity or -Infinity stands at `at`, how long it is, else 0.
std::size_t length_of_no_number(std::string_view text, std::size_t at) {
  if (text[at] != 'N' && text[at] != 'I' && text[at] != '-') return 0;
  for (const std::string_view word : {"NaN", "Infinity", "-Infinity"})
    if (text.substr(at).starts_with(word)) return word.size();
  return 0;
}

std::string with_nulls(std::string_view text) {
  std::string result;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t length = quoted ? 0 : length_of_no_number(text, i);
    if (length > 0) {
      result += "null";
      i += length - 1;
      continue;
    }
    if (text[i] == '"') quoted = !quoted;
    result += text[i];
    if (quoted && text[i] == '\\' && i + 1 < text.size()) result += text[++i];
  }
  return result;
}

bool may_hold_no_number(std::string_view text) {
  return text.find("NaN") != std::string_view::npos || text.find("Infinity") != std::string_view::npos;
}

json parse_label_json(std::string_view text, std::string_view where, const JsonLimits& limits) {
  return may_hold_no_number(text) ? parse_json(with_nulls(text), where, limits) : parse_json(text, where, limits);
}

}  // namespace

json read_label_json(const std::filesystem::path& file, const JsonLimits& limits) {
  return parse_label_json(read_file(file, limits.bytes), file.string(), limits);
}

std::string id_of(const json& id) {
  if (id.is_string()) return id.get<std::string>();
  if (id.is_number_unsigned()) return std::to_string(id.get<std::uint64_t>());
  if (id.is_number_integer()) return std::to_string(id.get<std::int64_t>());
  const double number = id.is_number_float() ? id.get<double>() : .5;
  const bool whole = number == std::floor(number) && std::abs(number) <= id_range.max;
  return whole ? std::to_string(static_cast<std::int64_t>(number)) : "";
}

const json& list_in(const json& document, const char* name, std::string_view file) {
  check(document.is_object(), "{}: expected a JSON object, got {}", file, document.type_name());
  const auto list = document.find(name);
  check(list != document.end() && list->is_array(), "{}: expected a list \"{}\", got {}", file, name,
        list == document.end() ? "none" : list->type_name());
  return *list;
}

std::size_t read_json_lines(const std::filesystem::path& file, DatasetReport& report,
                            const std::function<void(const json& object, const std::string& where)>& add) {
  const MappedFile text(file);
  std::string_view rest = text.text();
  std::size_t count = 0;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (trimmed(line).empty()) continue;
    ++count;
    const std::string where = fmt::format("{}:{}", file.filename().string(), number);
    try {
      add(parse_label_json(line, where, {.bytes = 16 << 20}), where);
    } catch (const std::invalid_argument& error) {
      report.add(DatasetFault::malformed_record, where, error.what());
    }
  }
  return count;
}

std::optional<std::string> read_text(const json& from, const std::string& sample, DatasetReport& report) {
  if (!from.is_string()) {
    report.add(DatasetFault::malformed_text, sample, fmt::format("expected a text, got {}", dump_json(from).substr(0, 80)));
    return std::nullopt;
  }
  std::string_view text = from.get_ref<const std::string&>();
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // the byte order mark of a file that Windows wrote
  text = trimmed(text);
  if (!text.empty()) return std::string(text);
  report.add(DatasetFault::blank_text, sample, "a text of nothing but spaces");
  return std::nullopt;
}

void read_texts(const json& from, const std::string& sample, std::vector<std::string>& texts, DatasetReport& report) {
  if (from.is_array() && from.empty()) report.add(DatasetFault::missing_pair, sample, "an empty list of texts");
  for (const json& text : from.is_array() ? from : json::array({from}))
    if (auto read = read_text(text, sample, report)) texts.push_back(std::move(*read));
}

}  // namespace omma
