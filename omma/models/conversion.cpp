#include "omma/models/conversion.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/io/hub_cache.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

constexpr std::array tokenizer_files = {
    "tokenizer.json", "tokenizer_config.json", "vocab.txt",       "special_tokens_map.json", "vocab.json",
    "merges.txt",     "spiece.model",          "tokenizer.model", "added_tokens.json"};
constexpr std::array processor_files = {"preprocessor_config.json", "processor_config.json"};

// Copies the files that are there; how many were.
template <std::size_t count>
std::size_t copy_files(const fs::path& from, const fs::path& to, const std::array<const char*, count>& names) {
  std::size_t copied = 0;
  for (const char* name : names)
    if (fs::exists(from / name)) copied += fs::copy_file(from / name, to / name, fs::copy_options::overwrite_existing) ? 1 : 0;
  return copied;
}

}  // namespace

std::string ConversionSource::model_type() const {
  if (!config_file) return "";
  const json config = read_json(*config_file);
  const bool told = config.is_object() && config.contains("model_type") && config["model_type"].is_string();
  return told ? config["model_type"].get<std::string>() : "";
}

TensorFile read_checkpoint(const fs::path& from) {
  if (fs::is_directory(from)) return read_weights(from);
  return from.extension() == ".safetensors" ? read_safetensors(from) : read_torch_archive(from);
}

ConversionSource open_conversion(const fs::path& from, const std::optional<fs::path>& config_file) {
  const bool parts = fs::is_directory(from) && !has_weights(from) && fs::exists(from / "config.json");
  ConversionSource source{
      .from = from, .file = parts ? TensorFile() : read_checkpoint(from), .beside = from.parent_path(), .config_file = config_file};
  if (fs::is_directory(from)) source.beside = from;
  if (config_file && (config_file->extension() == ".yaml" || config_file->extension() == ".yml")) {
    source.settings_file = std::exchange(source.config_file, std::nullopt);
    return source;
  }
  if (config_file)
    source.beside = config_file->parent_path();
  else if (fs::is_directory(from))
    source.config_file = from / "config.json";
  return source;
}

bool copy_tokenizer(const fs::path& from, const fs::path& to) { return copy_files(from, to, tokenizer_files) > 0; }

void copy_bert_tokenizer(const ConversionSource& source, const fs::path& to) {
  if (copy_tokenizer(source.beside, to)) return;
  for (const char* id : {"google-bert/bert-base-uncased", "bert-base-uncased"})
    if (const auto cached = find_in_hub_cache(id); cached && copy_tokenizer(*cached, to)) return;
  fail(
      "{}: no tokenizer beside it, and bert-base-uncased is not in the Hugging Face cache; fetch it with: hf download "
      "google-bert/bert-base-uncased tokenizer.json tokenizer_config.json vocab.txt",
      source.beside.string());
}

void copy_processor(const ConversionSource& source, const fs::path& to, const json& otherwise) {
  if (copy_files(source.beside, to, processor_files) == 0)
    write_file(to / "preprocessor_config.json", dump_json(otherwise, 2) + "\n");
}

void copy_beside_weights(const fs::path& from, const fs::path& to) {
  constexpr std::array<std::string_view, 4> kinds = {".json", ".txt", ".model", ".jinja"};
  for (const auto& entry : fs::directory_iterator(from)) {
    const fs::path& file = entry.path();
    const bool known = std::ranges::find(kinds, file.extension().string()) != kinds.end();
    if (known && fs::is_regular_file(file) && !file.filename().string().ends_with(".index.json"))
      fs::copy_file(file, to / file.filename());
  }
}

void write_new_directory(const fs::path& to, const std::function<void(const fs::path&)>& write) {
  check(!fs::exists(to) || (fs::is_directory(to) && fs::is_empty(to)), "{}: expected an absent or empty directory", to.string());
  const fs::path place = (fs::absolute(to) / ".").lexically_normal().parent_path();  // without a slash at its end
  const fs::path partial = place.string() + fmt::format(".{}.partial", ::getpid());
  fs::create_directories(partial);
  try {
    write(partial);
    fs::remove(place);  // it is empty
    fs::rename(partial, place);
  } catch (...) {
    fs::remove_all(partial);
    throw;
  }
}

}  // namespace omma
