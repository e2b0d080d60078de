// Config structs: plain data with defaults and one field list, from which reading, writing and checking follow.
//
//   struct SwinConfig {
//     int64_t embed_dim = 96;
//     std::vector<int64_t> depths = {2, 2, 6, 2};
//     double eps = 1e-5;
//     template <class Fields> void fields(Fields& field) {
//       field("embed_dim", embed_dim, Range{1, 8192});
//       field("depths", depths, Range{1, 64});                              // of every element
//       field(FieldNames{"eps", "layer_norm_eps"}, eps, Range{0, 1});       // also read under the second name
//     }
//     void validate(Faults& faults) const { ... }  // optional: rules over several fields, asked only where all are in range
//   };
//   auto config = read_config<SwinConfig>(object, "config.json");
#pragma once

#include <cmath>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/json.h"

namespace omma {

// Inclusive limits of a number, or of every element of a list.
struct Range {
  double min = -std::numeric_limits<double>::max();
  double max = std::numeric_limits<double>::max();
};

// The name a field is written under, and others it is read under. A name may be a path: "rope_parameters.rope_theta".
using FieldNames = std::initializer_list<std::string_view>;

// Everything wrong with one file, told in one error.
class Faults {
 public:
  explicit Faults(std::string where) : where_(std::move(where)) {}

  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    list_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void expect(bool ok, fmt::format_string<Args...> format, Args&&... args) {
    if (!ok) add(format, std::forward<Args>(args)...);
  }
  bool empty() const { return list_.empty(); }
  std::size_t count() const { return list_.size(); }
  // Throws std::invalid_argument "where: fault; fault; ..." unless empty; at most `most` faults are spelled out.
  void raise(std::size_t most = 20) const {
    if (list_.empty()) return;
    std::string text = where_ + ":";
    for (std::size_t i = 0; i < list_.size() && i < most; ++i) text += (i == 0 ? " " : "; ") + list_[i];
    if (list_.size() > most) text += fmt::format("; and {} more", list_.size() - most);
    throw std::invalid_argument(text);
  }

 private:
  std::string where_;
  std::vector<std::string> list_;
};

enum class UnknownFields { ignore, reject };

namespace config_detail {

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

struct FieldProbe {
  template <class T>
  void operator()(FieldNames, T&, Range = {}) {}
  template <class T>
  void operator()(std::string_view, T&, Range = {}) {}
};
template <class T>
concept HasFields = requires(T& t, FieldProbe& probe) { t.fields(probe); };
template <class T>
concept HasValidate = requires(const T& t, Faults& faults) { t.validate(faults); };

// The value under a path of names, nullptr where there is none or it is null.
const json* find_path(const json& object, std::string_view path);

class Reader {
 public:
  Reader(const json& object, std::string prefix, Faults& faults, UnknownFields unknown)
      : object_(object), prefix_(std::move(prefix)), faults_(faults), unknown_(unknown) {}

  template <class T>
  void operator()(std::string_view name, T& value, Range range = {}) {
    (*this)(FieldNames{name}, value, range);
  }
  template <class T>
  void operator()(FieldNames names, T& value, Range range = {}) {
    for (const std::string_view name : names) {
      known_.emplace_back(name.substr(0, name.find('.')));
      if (const json* found = find_path(object_, name)) {
        assign(*found, prefix_ + std::string(name), value, range);
        return;
      }
    }
  }

  // Adds a fault for each key that no field has read.
  void finish() {
    if (unknown_ == UnknownFields::ignore) return;
    for (const auto& [key, value] : object_.items()) {
      bool is_known = false;
      for (const std::string& name : known_) is_known = is_known || name == key;
      faults_.expect(is_known, "unknown field \"{}{}\"", prefix_, key);
    }
  }

 private:
  template <class T>
  void assign(const json& from, const std::string& name, T& value, Range range) {
    if constexpr (IsOptional<T>::value) {
      assign(from, name, value.emplace(), range);
    } else if constexpr (std::same_as<T, json>) {
      value = from;
    } else if constexpr (std::same_as<T, bool>) {
      if (!from.is_boolean()) return mismatch(name, "true or false", from);
      value = from.get<bool>();
    } else if constexpr (std::integral<T>) {
      const double number = from.is_number() ? from.get<double>() : std::nan("");
      if (!(number == std::floor(number)) || std::abs(number) > 9e15) return mismatch(name, "an integer", from);
      if (!(number >= range.min && number <= range.max)) return outside(name, range, from);
      value = static_cast<T>(from.is_number_float() ? static_cast<std::int64_t>(number) : from.get<std::int64_t>());
    } else if constexpr (std::floating_point<T>) {
      if (!from.is_number() || !std::isfinite(from.get<double>())) return mismatch(name, "a finite number", from);
      if (!(from.get<double>() >= range.min && from.get<double>() <= range.max)) return outside(name, range, from);
      value = from.get<T>();
    } else if constexpr (std::same_as<T, std::string>) {
      if (!from.is_string()) return mismatch(name, "a string", from);
      value = from.get<std::string>();
    } else if constexpr (IsVector<T>::value) {
      if (!from.is_array()) return mismatch(name, "a list", from);
      value.clear();
      for (std::size_t i = 0; i < from.size(); ++i) {
        typename T::value_type element{};
        assign(from[i], fmt::format("{}[{}]", name, i), element, range);
        value.push_back(element);
      }
    } else if constexpr (IsMap<T>::value) {
      if (!from.is_object()) return mismatch(name, "an object", from);
      value.clear();
      for (const auto& [key, item] : from.items()) assign(item, name + "." + key, value[key], range);
    } else {
      static_assert(HasFields<T>, "a config field is a number, string, list, map, json or a struct with fields()");
      if (!from.is_object()) return mismatch(name, "an object", from);
      const std::size_t before = faults_.count();
      Reader reader(from, name + ".", faults_, unknown_);
      value.fields(reader);
      reader.finish();
      if constexpr (HasValidate<T>) {
        if (faults_.count() == before) value.validate(faults_);
      }
    }
  }

  void mismatch(const std::string& name, std::string_view expected, const json& got);
  void outside(const std::string& name, Range range, const json& got);

  const json& object_;
  std::string prefix_;
  Faults& faults_;
  UnknownFields unknown_;
  std::vector<std::string> known_;
};

class Writer {
 public:
  explicit Writer(json& object) : object_(object) {}

  template <class T>
  void operator()(std::string_view name, T& value, Range range = {}) {
    (*this)(FieldNames{name}, value, range);
  }
  template <class T>
  void operator()(FieldNames names, T& value, Range = {}) {
    std::string pointer = "/";
    for (const char c : *names.begin()) pointer += c == '.' ? '/' : c;
    if (json written = write(value); !written.is_null()) object_[json::json_pointer(pointer)] = std::move(written);
  }

 private:
  template <class T>
  static json write(T& value) {
    if constexpr (IsOptional<T>::value) {
      return value ? write(*value) : json();
    } else if constexpr (HasFields<T>) {
      json object = json::object();
      Writer writer(object);
      value.fields(writer);
      return object;
    } else if constexpr (IsVector<T>::value) {
      json list = json::array();
      for (auto&& item : value) list.push_back(write(item));
      return list;
    } else if constexpr (IsMap<T>::value) {
      json object = json::object();
      for (auto& [key, item] : value) object[key] = write(item);
      return object;
    } else {
      return json(value);
    }
  }
  json& object_;
};

}  // namespace config_detail

// Reads the fields of a JSON object into `config`; absent ones keep the value they have, null counts as absent. Throws
// std::invalid_argument that lists every fault: `where`, field, expected and found.
template <class Config>
void read_fields(Config& config, const json& object, std::string_view where, UnknownFields unknown = UnknownFields::ignore) {
  check(object.is_object(), "{}: expected a JSON object, got {}", where, object.type_name());
  Faults faults{std::string(where)};
  config_detail::Reader reader(object, "", faults, unknown);
  config.fields(reader);
  reader.finish();
  if constexpr (config_detail::HasValidate<Config>) {
    if (faults.empty()) config.validate(faults);
  }
  faults.raise();
}

// The same over a config's defaults.
template <class Config>
Config read_config(const json& object, std::string_view where, UnknownFields unknown = UnknownFields::ignore) {
  Config config;
  read_fields(config, object, where, unknown);
  return config;
}

// The config as a JSON object, every field under its first name; unset optionals are left out.
template <class Config>
json write_config(const Config& config) {
  json object = json::object();
  config_detail::Writer writer(object);
  Config copy = config;
  copy.fields(writer);
  return object;
}

}  // namespace omma
