#include "omma/jobs/bootstrap_record.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {
namespace {

json itm_json(const JudgedText& text) { return text.itm ? json(*text.itm) : json(); }

void add_texts(json& object, const std::string& name, const std::vector<JudgedText>& texts) {
  json all = json::array(), itm = json::array(), kept = json::array();
  for (const JudgedText& text : texts) {
    all.push_back(text.text);
    itm.push_back(itm_json(text));
    kept.push_back(text.kept);
  }
  const bool one = texts.size() == 1;
  object[name] = one ? all[0] : all;
  object[name + "_itm"] = one ? itm[0] : itm;
  object[name + "_kept"] = one ? kept[0] : kept;
}

std::vector<JudgedText> texts_of(const json& object, const std::string& name) {
  const auto list = [&](const std::string& field) {
    const json& value = object.at(field);
    return value.is_array() ? value : json::array({value});
  };
  std::vector<JudgedText> texts;
  if (!object.contains(name)) return texts;
  const json all = list(name), itm = list(name + "_itm"), kept = list(name + "_kept");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json& score = itm.at(i);
    texts.push_back({.text = all[i], .itm = score.is_null() ? std::nullopt : std::optional<double>(score), .kept = kept.at(i)});
  }
  return texts;
}

}  // namespace

bool BootstrapRecord::keeps_web() const { return std::ranges::any_of(web, &JudgedText::kept); }

std::vector<std::string> BootstrapRecord::kept_texts() const {
  std::vector<std::string> texts;
  for (const JudgedText& text : web)
    if (text.kept) texts.push_back(text.text);
  if (synthetic && synthetic->kept) texts.push_back(synthetic->text);
  return texts;
}

json to_json(const BootstrapRecord& record) {
  json object = {{"key", record.key}};
  if (!record.web.empty()) add_texts(object, "web", record.web);
  if (record.synthetic) add_texts(object, "synthetic", {*record.synthetic});
  for (const auto& [name, text] : {std::pair("image", &record.image),
                                   {"noise", &record.noise},
                                   {"true_caption", &record.true_caption},
                                   {"fault", &record.fault},
                                   {"error", &record.error}})
    if (!text->empty()) object[name] = *text;
  return object;
}

BootstrapRecord read_bootstrap_record(std::string_view line, std::string_view where) {
  const json object = parse_json(line, where);
  try {
    BootstrapRecord record{.key = object.at("key"),
                           .image = object.value("image", ""),
                           .web = texts_of(object, "web"),
                           .noise = object.value("noise", ""),
                           .true_caption = object.value("true_caption", ""),
                           .fault = object.value("fault", ""),
                           .error = object.value("error", "")};
    if (object.contains("synthetic")) record.synthetic = texts_of(object, "synthetic").at(0);
    return record;
  } catch (const json::exception& error) {
    fail("{}: no record of bootstrapping: {}", where, error.what());
  }
}

}  // namespace omma
