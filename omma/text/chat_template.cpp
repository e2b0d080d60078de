#include "omma/text/chat_template.h"

#include <fmt/ranges.h>

#include <optional>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/base/json.h"

namespace omma {

namespace {

namespace fs = std::filesystem;
using Sources = std::map<std::string, std::pair<std::string, std::string>>;  // name: where, template

constexpr std::size_t kMaxConfigBytes = 64 << 20;

json read_object(const fs::path& file) {
  json object = read_json(file, {.bytes = kMaxConfigBytes, .skip_keys = {"added_tokens_decoder"}});
  check(object.is_object(), "{}: expected a JSON object, got {}", file.string(), object.type_name());
  return object;
}

// A file that is not there is as good as an empty object.
json read_optional(const fs::path& file) { return fs::exists(file) ? read_object(file) : json::object(); }

std::string read_template(const fs::path& file) { return read_file(file, JinjaLimits{}.template_bytes); }

Sources from_jinja_files(const fs::path& directory) {
  Sources sources;
  const fs::path file = directory / "chat_template.jinja", more = directory / "additional_chat_templates";
  if (fs::is_directory(more)) {
    for (const fs::path& other : files_in(more)) {
      if (other.extension() == ".jinja") sources[other.stem().string()] = {other.string(), read_template(other)};
    }
  }
  if (fs::exists(file)) sources["default"] = {file.string(), read_template(file)};
  return sources;
}

// The field chat_template: a text, or a list of {name, template}, or an object of these.
Sources from_field(const json& config, const fs::path& file) {
  Sources sources;
  const auto field = config.find("chat_template");
  if (field == config.end() || field->is_null()) return sources;
  const std::string where = file.string() + ": chat_template";
  const auto add = [&](const std::string& name, const json& source) {
    check(source.is_string(), "{}: expected a text as template \"{}\"", where, name);
    sources[name] = {fmt::format("{} \"{}\"", where, name), source.get<std::string>()};
  };
  if (field->is_array()) {
    for (const json& one : *field) {
      const bool is_pair = one.is_object() && one.contains("name") && one["name"].is_string() && one.contains("template");
      check(is_pair, "{}: expected a list of {{name, template}}", where);
      add(one["name"].get<std::string>(), one["template"]);
    }
  } else if (field->is_object()) {
    for (const auto& [name, source] : field->items()) add(name, source);
  } else {
    add("default", *field);
  }
  return sources;
}

Sources sources_of(const fs::path& directory) {
  const fs::path processors = directory / "chat_template.json", tokenizers = directory / "tokenizer_config.json";
  if (Sources sources = from_field(read_optional(processors), processors); !sources.empty()) return sources;
  if (Sources sources = from_jinja_files(directory); !sources.empty()) return sources;
  return from_field(read_optional(tokenizers), tokenizers);
}

// Every field that is named ..._token: a text, or an object with its "content".
void add_tokens(ordered_json& tokens, const json& config) {
  for (const auto& [name, value] : config.items()) {
    const json& token = value.is_object() && value.contains("content") ? value["content"] : value;
    if (name.ends_with("_token") && token.is_string() && !tokens.contains(name)) tokens[name] = token.get<std::string>();
  }
}

// A message as templates get it.
ordered_json prepared(const ordered_json& message, std::size_t place) {
  check(message.is_object(), "messages[{}]: expected an object, got {}", place, message.type_name());
  ordered_json kept = ordered_json::object();
  std::optional<ordered_json> reasoning;
  for (const char* name : {"reasoning", "thinking", "reasoning_content"}) {  // the last one counts most
    if (message.contains(name) && !message[name].is_null()) reasoning = message[name];
  }
  if (reasoning) kept["thinking"] = *reasoning;
  for (const auto& [name, value] : message.items()) {
    if (!value.is_null()) kept[name] = value;
  }
  if (reasoning) kept["reasoning_content"] = *reasoning;
  return kept;
}

}  // namespace

bool ChatTemplate::has_template(const fs::path& directory) { return !sources_of(directory).empty(); }

ChatTemplate ChatTemplate::from_directory(const fs::path& directory) {
  ChatTemplate chat;
  for (const auto& [name, source] : sources_of(directory)) chat.add(name, source.second, source.first);
  check(!chat.templates_.empty(), "{}: no chat template (chat_template.jinja, or chat_template in tokenizer_config.json)",
        directory.string());
  chat.take_special_tokens(directory);
  return chat;
}

void ChatTemplate::take_special_tokens(const fs::path& directory) {
  if (directory.empty()) return;
  take_special_tokens(read_optional(directory / "tokenizer_config.json"));
  take_special_tokens(read_optional(directory / "special_tokens_map.json"));
}

void ChatTemplate::take_special_tokens(const json& tokenizer_config) { add_tokens(special_tokens_, tokenizer_config); }

ChatTemplate ChatTemplate::from_source(const std::string& source, const std::string& where) {
  ChatTemplate chat;
  chat.add("default", source, where);
  return chat;
}

ChatTemplate ChatTemplate::from_file(const fs::path& file) { return from_source(read_template(file), file.string()); }

void ChatTemplate::add(const std::string& name, const std::string& source, const std::string& where) {
  templates_.emplace(name, JinjaTemplate::parse(source, where));
  sources_.emplace(name, source);
}

ChatTemplate ChatTemplate::only(const std::string& name) const {
  ChatTemplate chat;
  chat.templates_.emplace("default", choose({.name = name}));
  chat.sources_.emplace("default", sources_.at(name));
  chat.special_tokens_ = special_tokens_;
  return chat;
}

const std::string& ChatTemplate::source() const {
  const auto found = sources_.find("default");
  return (found == sources_.end() ? sources_.begin() : found)->second;
}

const JinjaTemplate& ChatTemplate::choose(const ChatOptions& options) const {
  const std::string wanted = !options.name.empty()                                         ? options.name
                             : !options.tools.is_null() && templates_.contains("tool_use") ? "tool_use"
                                                                                           : "default";
  const auto found = templates_.find(wanted);
  if (found != templates_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, source] : templates_) names.push_back(name);
  fail("chat template: no \"{}\" among the model's: {}", wanted, fmt::join(names, ", "));
}

MarkedText ChatTemplate::render(const ordered_json& messages, const ChatOptions& options) const {
  check(messages.is_array() && !messages.empty(), "messages: expected a list of at least one");
  ordered_json turns = ordered_json::array();
  for (std::size_t i = 0; i < messages.size(); ++i) turns.push_back(prepared(messages[i], i));
  JinjaVariables variables{.trusted = special_tokens_, .plain_keys = {"role", "type"}};
  variables.trusted.update(options.variables);
  variables.trusted["add_generation_prompt"] = options.add_generation_prompt;
  variables.outside = {{"messages", std::move(turns)}, {"tools", options.tools}, {"documents", options.documents}};
  return choose(options).render_marked(variables, options.jinja);
}

Encoding encode_chat(const MarkedText& chat, const ChatTemplate& chat_template, const Tokenizer& tokenizer) {
  const std::string start = chat_template.special_tokens().value("bos_token", "");
  const bool has_start = !start.empty() && chat.text.starts_with(start);
  return tokenizer.encode(chat.text, {.add_special_tokens = !has_start, .plain = chat.untrusted});
}

}  // namespace omma
