#include "omma/io/safetensors_header.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "omma/base/error.h"
#include "omma/base/json.h"
#include "omma/io/quote.h"

namespace omma {
namespace {

constexpr std::size_t max_metadata_entries = 65'536;

// Follows the parser's events through the header's three levels; whatever has no place there is refused where it stands.
class HeaderHandler : public json::json_sax_t {
 public:
  HeaderHandler(std::string_view where, std::uint64_t data_bytes) : where_(where), data_bytes_(data_bytes) {}

  SafetensorsHeader header;

  bool null() override { return refuse("null"); }
  bool boolean(bool value) override { return refuse(value ? "true" : "false"); }
  bool number_integer(json::number_integer_t value) override { return refuse(std::to_string(value)); }
  bool number_float(json::number_float_t, const std::string& text) override { return refuse(text); }
  bool binary(json::binary_t&) override { return refuse("binary"); }
  bool number_unsigned(json::number_unsigned_t value) override;
  bool string(json::string_t& value) override;
  bool start_object(std::size_t) override;
  bool key(json::string_t& name) override;
  bool end_object() override;
  bool start_array(std::size_t) override;
  bool end_array() override;
  bool parse_error(std::size_t position, const std::string&, const json::exception& error) override {
    fail("{}: malformed JSON at byte {}: {}", where_, position, std::string_view(error.what()).substr(0, 160));
  }

 private:
  enum class Level { outside, root, metadata, entry, shape, offsets };
  enum Field : unsigned { has_dtype = 1, has_shape = 2, has_offsets = 4 };

  [[noreturn]] bool refuse(std::string_view found) const { fail("{}: expected {}, found {}", place(), expected(), quote(found)); }
  std::string place() const;
  std::string_view expected() const;
  void begin_field(Field field);
  void finish_entry();

  std::string_view where_;
  std::uint64_t data_bytes_;
  std::uint64_t total_bytes_ = 0;
  Level level_ = Level::outside;
  bool seen_metadata_ = false;
  std::string key_;  // the last one read: a metadata name or an entry's field
  SafetensorsEntry entry_;
  unsigned fields_ = 0;  // of Field, those the entry has
  std::vector<std::uint64_t> offsets_;
};

std::string HeaderHandler::place() const {
  switch (level_) {
    case Level::outside:
      return std::string(where_);
    case Level::root:
      return fmt::format("{}: {}", where_, quote(key_));
    case Level::metadata:
      return fmt::format("{}: __metadata__ {}", where_, quote(key_));
    default:
      return fmt::format("{}: tensor {}: {}", where_, quote(entry_.name), quote(key_));
  }
}

std::string_view HeaderHandler::expected() const {
  switch (level_) {
    case Level::outside:
    case Level::root:
      return "a JSON object";
    case Level::metadata:
      return "a string";
    case Level::entry:
      return key_ == "dtype" ? "a string" : "a list of integers";
    default:
      return "an integer from 0 to 2^63 - 1";
  }
}

bool HeaderHandler::number_unsigned(json::number_unsigned_t value) {
  if (level_ == Level::shape && value <= static_cast<std::uint64_t>(INT64_MAX)) {
    if (entry_.shape.size() == max_rank) fail("{}: expected at most {} sizes", place(), max_rank);
    entry_.shape.push_back(static_cast<std::int64_t>(value));
    return true;
  }
  if (level_ == Level::offsets && value <= static_cast<std::uint64_t>(INT64_MAX)) {
    if (offsets_.size() == 2) fail("{}: expected 2 offsets, found more", place());
    offsets_.push_back(value);
    return true;
  }
  refuse(std::to_string(value));
}

bool HeaderHandler::string(json::string_t& value) {
  if (level_ == Level::metadata) {
    const bool inserted = header.metadata.emplace(key_, std::move(value)).second;
    if (!inserted) fail("{}: expected unique names, found it twice", place());
    if (header.metadata.size() > max_metadata_entries) fail("{}: __metadata__: more than {} entries", where_, max_metadata_entries);
    return true;
  }
  if (level_ != Level::entry || key_ != "dtype") refuse(value);
  begin_field(has_dtype);
  const auto dtype = dtype_from_name(value);
  if (!dtype) fail("{}: unknown or unsupported type {}", place(), quote(value));
  entry_.dtype = *dtype;
  return true;
}

bool HeaderHandler::start_object(std::size_t) {
  if (level_ == Level::outside) {
    level_ = Level::root;
  } else if (level_ == Level::root && key_ == "__metadata__") {
    if (std::exchange(seen_metadata_, true)) fail("{}: duplicate __metadata__", where_);
    level_ = Level::metadata;
  } else if (level_ == Level::root) {
    level_ = Level::entry;
    entry_ = {};
    entry_.name = std::exchange(key_, {});
    fields_ = 0;
    offsets_.clear();
  } else {
    refuse("{");
  }
  return true;
}

bool HeaderHandler::key(json::string_t& name) {
  key_ = std::move(name);
  if (level_ == Level::entry && key_ != "dtype" && key_ != "shape" && key_ != "data_offsets")
    fail("{}: expected dtype, shape and data_offsets only", place());
  return true;
}

bool HeaderHandler::end_object() {
  if (level_ == Level::entry) finish_entry();
  level_ = level_ == Level::root ? Level::outside : Level::root;
  return true;
}

bool HeaderHandler::start_array(std::size_t) {
  if (level_ != Level::entry || key_ == "dtype") refuse("[");
  const bool is_shape = key_ == "shape";
  begin_field(is_shape ? has_shape : has_offsets);
  level_ = is_shape ? Level::shape : Level::offsets;
  return true;
}

bool HeaderHandler::end_array() {
  level_ = Level::entry;
  return true;
}

void HeaderHandler::begin_field(Field field) {
  if (fields_ & field) fail("{}: expected it once, found it twice", place());
  fields_ |= field;
}

void HeaderHandler::finish_entry() {
  const std::string& name = entry_.name;
  if (fields_ != (has_dtype | has_shape | has_offsets) || offsets_.size() != 2)
    fail("{}: tensor {}: expected dtype, shape and two data_offsets", where_, quote(name));
  entry_.begin = offsets_[0];
  entry_.end = offsets_[1];
  if (entry_.begin > entry_.end || entry_.end > data_bytes_)
    fail("{}: tensor {}: data_offsets: expected a range in the {} bytes of data, found [{}, {}]", where_, quote(name), data_bytes_,
         entry_.begin, entry_.end);
  const auto count = element_count(entry_.shape);
  std::uint64_t bytes = 0;
  if (!count || __builtin_mul_overflow(static_cast<std::uint64_t>(*count), bytes_of(entry_.dtype), &bytes))
    fail("{}: tensor {}: shape [{}] overflows", where_, quote(name), fmt::join(entry_.shape, ", "));
  if (bytes != entry_.end - entry_.begin)
    fail("{}: tensor {}: expected {} bytes for {} [{}], found {}", where_, quote(name), bytes, name_of(entry_.dtype),
         fmt::join(entry_.shape, ", "), entry_.end - entry_.begin);
  total_bytes_ += bytes;  // cannot wrap: at most data_bytes_ before, and at most data_bytes_ more
  if (total_bytes_ > data_bytes_)
    fail("{}: tensor {} overlaps another: the tensors hold more than the {} bytes of data", where_, quote(name), data_bytes_);
  header.tensors.push_back(std::move(entry_));
}

// Sorts by place and requires that each tensor begins where the one before it ends.
void check_layout(std::vector<SafetensorsEntry>& tensors, std::string_view where, std::uint64_t data_bytes) {
  std::ranges::sort(tensors, {}, [](const SafetensorsEntry& entry) { return std::tie(entry.begin, entry.end, entry.name); });
  std::uint64_t covered = 0;
  for (const SafetensorsEntry& entry : tensors) {
    if (entry.begin < covered)
      fail("{}: tensor {} overlaps the one before it: expected to begin at {}, found {}", where, quote(entry.name), covered,
           entry.begin);
    if (entry.begin > covered)
      fail("{}: hole before tensor {}: expected it to begin at {}, found {}", where, quote(entry.name), covered, entry.begin);
    covered = entry.end;
  }
  check(covered == data_bytes, "{}: expected {} bytes of data, found {}: {} trailing bytes", where, covered, data_bytes,
        data_bytes - covered);
}

void check_names(const std::vector<SafetensorsEntry>& tensors, std::string_view where) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const SafetensorsEntry& entry : tensors) names.push_back(entry.name);
  std::ranges::sort(names);
  const auto twin = std::ranges::adjacent_find(names);
  if (twin != names.end()) fail("{}: duplicate tensor {}", where, quote(*twin));
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text, std::string_view where, std::uint64_t data_bytes) {
  // The parser would take NUL for the end of the text, and skip a byte order mark.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    fail("{}: malformed JSON: NUL at byte {}", where, nul);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{')
    fail("{}: expected a JSON object, found {}", where, first == std::string_view::npos ? "nothing" : quote(text.substr(first, 1)));
  HeaderHandler handler(where, data_bytes);
  json::sax_parse(text, &handler);
  check_layout(handler.header.tensors, where, data_bytes);
  check_names(handler.header.tensors, where);
  return std::move(handler.header);
}

}  // namespace omma
