#include "omma/agent/evaluation/right_call.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace omma {

namespace {

constexpr double same_time = 0.5;  // seconds
constexpr std::size_t several_colors = 3;

using Strings = std::set<std::string>;

// The texts of a list; what is no text is left out.
Strings texts_of(const json& input, const char* key) {
  Strings texts;
  if (input.contains(key) && input[key].is_array())
    for (const json& text : input[key])
      if (text.is_string()) texts.insert(text.get<std::string>());
  return texts;
}

Strings plain_texts(const json& input, const char* key, const ThingNames& names) {
  Strings plain;
  for (const std::string& text : texts_of(input, key)) plain.insert(names.plain(text));
  return plain;
}

// "red dog" of the name "dog" and the color "red".
Strings phrases_of(const json& input, const ThingNames& names) {
  Strings phrases;
  const Strings objects = plain_texts(input, "objects", names), colors = plain_texts(input, "colors", names);
  for (const std::string& object : objects) {
    if (colors.empty()) phrases.insert(object);
    for (const std::string& color : colors) phrases.insert(color + " " + object);
  }
  return phrases;
}

bool looks_for_the_same(const json& right, const json& said, const ThingNames& names) {
  if (texts_of(right, "colors").size() < several_colors) return phrases_of(right, names) == phrases_of(said, names);
  return plain_texts(right, "objects", names) == plain_texts(said, "objects", names) &&
         plain_texts(said, "colors", names).size() >= several_colors;
}

bool is_same_value(const json& right, const json& said, const ThingNames& names) {
  if (right.is_string() && said.is_string()) return names.plain(right.get<std::string>()) == names.plain(said.get<std::string>());
  if (right.is_number() && said.is_number()) {
    const double a = right.get<double>(), b = said.get<double>();
    return std::abs(a - b) <= 1e-6 * std::max(1.0, std::abs(a));
  }
  return right == said;
}

std::optional<double> seconds_of(const json& input, const CallTimes& times) {
  if (!input.contains("time")) return times.usual;
  if (input["time"] == "end") return times.duration;
  return input["time"].is_number() ? std::optional(input["time"].get<double>()) : std::nullopt;
}

bool is_same_time(const json& right, const json& said, const CallTimes& times) {
  if (!right.contains("time")) return true;  // any will do
  const auto a = seconds_of(right, times), b = seconds_of(said, times);
  return a && b && std::abs(*a - *b) <= same_time;
}

// What is compared member by member.
json plain_members(json input, const std::string& tool) {
  for (const char* apart : {"time", "question"}) input.erase(apart);
  if (tool == "detect_objects")
    for (const char* apart : {"objects", "colors"}) input.erase(apart);
  if (tool == "segment_object" && input.contains("which") && input["which"] == "all") input.erase("which");
  return input;
}

bool has_same_members(const RightCall& right, const json& said, const ThingNames& names) {
  const json a = plain_members(right.input, right.tool), b = plain_members(said, right.tool);
  if (a.size() != b.size()) return false;
  return std::ranges::all_of(a.items(), [&](const auto& member) {
    return b.contains(member.key()) && is_same_value(member.value(), b[member.key()], names);
  });
}

bool asks_the_same(const RightCall& right, const json& said, const ThingNames& names) {
  const bool asks = said.contains("question") && said["question"].is_string();
  if (right.asks != asks) return false;
  return !asks || mentions_all(said["question"].get<std::string>(), right.mentions, names);
}

}  // namespace

bool mentions_all(const std::string& question, const std::vector<std::string>& mentions, const ThingNames& names) {
  const std::vector<std::string> said = names.said_in(question), words = plain_words(question);
  return std::ranges::all_of(mentions, [&](const std::string& mention) {
    const std::string name = names.plain(mention);
    return std::ranges::count(said, name) > 0 || std::ranges::count(words, name) > 0;
  });
}

bool is_as_good(const RightCall& right, std::string_view tool, const json& input, const ThingNames& names,
                const std::optional<CallTimes>& times) {
  if (tool != right.tool || !input.is_object()) return false;
  if (times && !is_same_time(right.input, input, *times)) return false;
  if (right.tool == "detect_objects" && !looks_for_the_same(right.input, input, names)) return false;
  const bool describes = right.tool == "describe_image" || right.tool == "describe_video";
  if (describes && !asks_the_same(right, input, names)) return false;
  return has_same_members(right, input, names);
}

}  // namespace omma
