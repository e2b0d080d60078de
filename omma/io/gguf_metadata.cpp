#include "omma/io/gguf_metadata.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "omma/io/quote.h"

namespace omma {
namespace {

struct ValueTypeInfo {
  std::string_view name;
  std::uint64_t bytes;  // of a number; of a text or an array the fewest
};
// In the order of GgufValueType.
constexpr std::array<ValueTypeInfo, 13> value_types = {{{"UINT8", 1},
                                                        {"INT8", 1},
                                                        {"UINT16", 2},
                                                        {"INT16", 2},
                                                        {"UINT32", 4},
                                                        {"INT32", 4},
                                                        {"FLOAT32", 4},
                                                        {"BOOL", 1},
                                                        {"STRING", 8},
                                                        {"ARRAY", 12},
                                                        {"UINT64", 8},
                                                        {"INT64", 8},
                                                        {"FLOAT64", 8}}};
static_assert(value_types.size() == static_cast<std::size_t>(GgufValueType::f64) + 1);

std::uint64_t fewest_bytes_of(GgufValueType type) { return value_types[static_cast<std::size_t>(type)].bytes; }

bool is_integer(GgufValueType type) {
  return type <= GgufValueType::i32 || type == GgufValueType::u64 || type == GgufValueType::i64;
}
bool is_float(GgufValueType type) { return type == GgufValueType::f32 || type == GgufValueType::f64; }
bool is_number(GgufValueType type) { return is_integer(type) || is_float(type); }
bool is_boolean(GgufValueType type) { return type == GgufValueType::boolean; }
bool is_text(GgufValueType type) { return type == GgufValueType::text; }

GgufValueType read_value_type(ByteReader& reader, std::string_view key) {
  const auto id = reader.number<std::uint32_t>();
  if (id >= value_types.size())
    fail("{}: {}: expected a type of value from 0 to {}, found {}", reader.name(), quote(key), value_types.size() - 1, id);
  return static_cast<GgufValueType>(id);
}

std::string_view read_value_text(ByteReader& reader, std::string_view key) {
  const auto length = reader.number<std::uint64_t>();
  if (length > max_gguf_text_bytes)
    fail("{}: {}: expected a text of at most {} bytes, found {}", reader.name(), quote(key), max_gguf_text_bytes, length);
  return reader.text(length);
}

std::string_view read_key(ByteReader& reader) {
  const std::size_t place = reader.offset();
  const auto length = reader.number<std::uint64_t>();
  if (length == 0 || length > max_gguf_key_bytes)
    fail("{}: byte {}: expected a key of 1 to {} bytes, found {}", reader.name(), place, max_gguf_key_bytes, length);
  return reader.text(length);
}

GgufValue read_value(ByteReader& reader) {
  GgufValue value{.key = read_key(reader), .bytes = {}};
  value.type = read_value_type(reader, value.key);
  value.is_array = value.type == GgufValueType::array;
  if (value.is_array) {
    value.type = read_value_type(reader, value.key);
    if (value.type == GgufValueType::array) fail("{}: {}: arrays of arrays are not read", reader.name(), quote(value.key));
    value.count = reader.number<std::uint64_t>();
    const std::uint64_t most = std::min<std::uint64_t>(max_gguf_array, reader.left() / fewest_bytes_of(value.type));
    if (value.count > most)
      fail("{}: {}: expected an array of at most {} {} in the {} bytes that are left, found {}", reader.name(), quote(value.key),
           most, name_of(value.type), reader.left(), value.count);
  }
  ByteReader values = reader;
  if (value.type == GgufValueType::text) {
    for (std::uint64_t i = 0; i < value.count; ++i) read_value_text(reader, value.key);
  } else {
    reader.take(value.count * fewest_bytes_of(value.type));
  }
  value.bytes = values.take(reader.offset() - values.offset());
  if (value.type == GgufValueType::boolean) {
    const auto wrong = std::ranges::find_if(value.bytes, [](std::uint8_t byte) { return byte > 1; });
    if (wrong != value.bytes.end()) fail("{}: {}: expected a BOOL of 0 or 1, found {}", reader.name(), quote(value.key), *wrong);
  }
  return value;
}

// Calls use() with the number at `element` of a value of numbers, in its own type.
template <class Use>
void visit_number(const GgufValue& value, std::uint64_t element, Use&& use) {
  const auto as = [&]<class T>(T number) {
    std::memcpy(&number, value.bytes.data() + element * sizeof(T), sizeof(T));
    use(number);
  };
  switch (value.type) {
    case GgufValueType::u8:
      return as(std::uint8_t{});
    case GgufValueType::i8:
      return as(std::int8_t{});
    case GgufValueType::u16:
      return as(std::uint16_t{});
    case GgufValueType::i16:
      return as(std::int16_t{});
    case GgufValueType::u32:
      return as(std::uint32_t{});
    case GgufValueType::i32:
      return as(std::int32_t{});
    case GgufValueType::u64:
      return as(std::uint64_t{});
    case GgufValueType::i64:
      return as(std::int64_t{});
    case GgufValueType::f32:
      return as(float{});
    case GgufValueType::f64:
      return as(double{});
    default:
      return;
  }
}

template <class T>
T number_of(const GgufValue& value, std::uint64_t element = 0) {
  T found{};
  visit_number(value, element, [&](auto number) { found = static_cast<T>(number); });
  return found;
}

// Only UINT64 holds more than std::int64_t does.
bool is_too_large(const GgufValue& value, std::uint64_t element = 0) {
  return value.type == GgufValueType::u64 && number_of<std::uint64_t>(value, element) > static_cast<std::uint64_t>(INT64_MAX);
}

std::string describe_value(const GgufValue& value) {
  if (value.is_array) return fmt::format("an array of {} {}", value.count, name_of(value.type));
  if (value.type == GgufValueType::boolean) return value.bytes[0] != 0 ? "BOOL true" : "BOOL false";
  if (value.type == GgufValueType::text) {
    ByteReader reader(value.bytes, "");
    return fmt::format("STRING {}", quote(reader.text(reader.number<std::uint64_t>())));
  }
  std::string told;
  visit_number(value, 0, [&](auto number) { told = fmt::format("{} {}", name_of(value.type), number); });
  return told;
}

}  // namespace

std::string_view name_of(GgufValueType type) { return value_types[static_cast<std::size_t>(type)].name; }

GgufMetadata::GgufMetadata(ByteReader& reader, std::uint64_t count) : name_(reader.name()) {
  constexpr std::uint64_t fewest_bytes = 8 + 1 + 4 + 1;  // a key of one letter with its length, a type, a byte
  const std::uint64_t most = std::min<std::uint64_t>(max_gguf_keys, reader.left() / fewest_bytes);
  check(count <= most, "{}: expected at most {} keys in the {} bytes that are left, found {}", name_, most, reader.left(), count);
  values_.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) values_.push_back(read_value(reader));
  std::ranges::sort(values_, {}, &GgufValue::key);
  const auto twin = std::ranges::adjacent_find(values_, {}, &GgufValue::key);
  if (twin != values_.end()) fail("{}: duplicate key {}", name_, quote(twin->key));
}

const GgufValue* GgufMetadata::find(std::string_view key) const {
  const auto found = std::ranges::lower_bound(values_, key, {}, &GgufValue::key);
  return found != values_.end() && found->key == key ? &*found : nullptr;
}

void GgufMetadata::refuse(std::string_view key, std::string_view expected) const {
  const GgufValue* value = find(key);
  fail("{}: {}: expected {}, found {}", name_, quote(key), expected, value == nullptr ? "no such key" : describe_value(*value));
}

const GgufValue& GgufMetadata::expect(std::string_view key, std::string_view expected, bool is_array,
                                      bool (*is_kind)(GgufValueType)) const {
  const GgufValue* value = find(key);
  if (value == nullptr || value->is_array != is_array || !is_kind(value->type)) refuse(key, expected);
  return *value;
}

std::int64_t GgufMetadata::integer(std::string_view key) const {
  constexpr std::string_view expected = "an integer below 2^63";
  const GgufValue& value = expect(key, expected, false, is_integer);
  if (is_too_large(value)) refuse(key, expected);
  return number_of<std::int64_t>(value);
}

double GgufMetadata::number(std::string_view key) const {
  const auto found = number_of<double>(expect(key, "a finite number", false, is_number));
  if (!std::isfinite(found)) refuse(key, "a finite number");
  return found;
}

bool GgufMetadata::boolean(std::string_view key) const { return expect(key, "BOOL", false, is_boolean).bytes[0] != 0; }

std::string_view GgufMetadata::text(std::string_view key) const {
  ByteReader reader(expect(key, "STRING", false, is_text).bytes, name_);
  return reader.text(reader.number<std::uint64_t>());
}

std::vector<std::int64_t> GgufMetadata::integers(std::string_view key) const {
  constexpr std::string_view expected = "an array of integers below 2^63";
  const GgufValue& value = expect(key, expected, true, is_integer);
  std::vector<std::int64_t> all(value.count);
  for (std::uint64_t i = 0; i < value.count; ++i) {
    if (is_too_large(value, i)) refuse(key, expected);
    all[i] = number_of<std::int64_t>(value, i);
  }
  return all;
}

std::vector<float> GgufMetadata::numbers(std::string_view key) const {
  const GgufValue& value = expect(key, "an array of FLOAT32 or FLOAT64", true, is_float);
  std::vector<float> all(value.count);
  for (std::uint64_t i = 0; i < value.count; ++i) all[i] = number_of<float>(value, i);
  return all;
}

std::vector<bool> GgufMetadata::booleans(std::string_view key) const {
  const GgufValue& value = expect(key, "an array of BOOL", true, is_boolean);
  return {value.bytes.begin(), value.bytes.end()};
}

std::vector<std::string_view> GgufMetadata::texts(std::string_view key) const {
  const GgufValue& value = expect(key, "an array of STRING", true, is_text);
  ByteReader reader(value.bytes, name_);
  std::vector<std::string_view> all(value.count);
  for (std::string_view& text : all) text = reader.text(reader.number<std::uint64_t>());
  return all;
}

}  // namespace omma
