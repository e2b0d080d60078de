#include "apps/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace omma::app {
namespace {

// Columns a terminal takes for it: continuation bytes of UTF-8 take none.
std::size_t width_of(const std::string& cell) {
  return static_cast<std::size_t>(std::ranges::count_if(cell, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cell_of(const json& value) {
  if (value.is_null()) return "-";
  if (value.is_number_float()) return fmt::format("{:.3f}", value.get<double>());
  return value.is_string() ? value.get<std::string>() : dump_json(value);
}

bool holds_objects(const json& value) {
  return value.is_object() && !value.empty() && std::ranges::all_of(value, [](const json& inner) { return inner.is_object(); });
}

// What objects in it hold, under both names.
json flattened(const json& object) {
  json flat = json::object();
  for (const auto& [name, value] : object.items()) {
    if (!value.is_object()) flat[name] = value;
    if (!value.is_object()) continue;
    for (const auto& [inner, each] : value.items()) flat[name + " " + inner] = each;
  }
  return flat;
}

// After an empty line, a row for each object among `objects`, a column for each of their keys.
std::string objects_text(const std::string& title, const json& objects) {
  Table rows = {{title}};
  for (const auto& [name, object] : objects.items())
    for (const auto& [key, value] : object.items())
      if (std::ranges::find(rows[0], key) == rows[0].end()) rows[0].push_back(key);
  for (const auto& [name, object] : objects.items()) {
    std::vector<std::string>& row = rows.emplace_back(1, name);
    for (std::size_t i = 1; i < rows[0].size(); ++i) row.push_back(cell_of(object.value(rows[0][i], json())));
  }
  return fmt::format("\n{}", table_text(rows));
}

}  // namespace

std::string table_text(const Table& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - width_of(row[i]), ' ');
      text += i == 0 ? row[i] + (row.size() > 1 ? blanks : "") : "  " + blanks + row[i];
    }
    text += "\n";
  }
  return text;
}

std::string figures_text(const json& figures) {
  Table scalars;
  json rows = json::object();
  std::string words, tables;
  for (const auto& [name, value] : figures.items()) {
    if (holds_objects(value))
      tables += objects_text(name, value);
    else if (value.is_object())
      rows[name] = flattened(value);
    else if (value.is_string())
      words += fmt::format("{}: {}\n", name, value.get<std::string>());
    else
      scalars.push_back({name, cell_of(value)});
  }
  if (!rows.empty()) tables.insert(0, objects_text("", rows));
  std::string text = words + (scalars.empty() ? "" : "\n") + table_text(scalars) + tables;
  if (text.find(" -\n") != std::string::npos || text.find(" -  ") != std::string::npos) text += "\n-: there was nothing to judge\n";
  return text;
}

}  // namespace omma::app
