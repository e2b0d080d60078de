#include "omma/data/text_records.h"

#include <algorithm>

#include "omma/base/file.h"

namespace omma {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t\r\n\f\v";
  const std::size_t begin = text.find_first_not_of(spaces);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(spaces) - begin + 1);
}

}  // namespace

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
      add(parse_json(line, where, {.bytes = 16 << 20}), where);
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

void check_faults(const DatasetReport& report, RecordCount count, double most_faulty_share, std::string_view where) {
  const bool too_many = static_cast<double>(count.faulty) > most_faulty_share * static_cast<double>(count.records);
  if (most_faulty_share >= 1 || (count.samples > 0 && !too_many)) return;
  const std::string faults = report.issues().empty() ? ""
                                                     : fmt::format(": {}; first {}: {}", report.summary(),
                                                                   report.issues().front().sample, report.issues().front().message);
  check(count.samples > 0, "{}: no usable sample{}", where, faults);
  fail("{}: {} of {} records are faulty, over the limit of {:g} %{}", where, count.faulty, count.records, 100 * most_faulty_share,
       faults);
}

}  // namespace omma
