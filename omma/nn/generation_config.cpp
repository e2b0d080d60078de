#include "omma/nn/generation_config.h"

#include <algorithm>

#include "omma/base/error.h"

namespace omma {

namespace {

bool is_token(const json& value) {
  return value.is_number_integer() && value.get<int64_t>() >= 0 && value.get<int64_t>() < 1 << 24;
}

bool are_end_tokens(const json& value) {
  if (value.is_null() || is_token(value)) return true;
  return value.is_array() && value.size() <= 64 && std::all_of(value.begin(), value.end(), is_token);
}

bool are_texts(const json& value) {
  const auto is_text = [](const json& each) { return each.is_string() && !each.get_ref<const std::string&>().empty(); };
  if (value.is_null() || is_text(value)) return true;
  return value.is_array() && value.size() <= 64 && std::all_of(value.begin(), value.end(), is_text);
}

}  // namespace

void GenerationConfig::validate(Faults& faults) const {
  faults.expect(are_end_tokens(eos_token_id), "eos_token_id: expected a token or a list of at most 64, got {}",
                dump_json(eos_token_id).substr(0, 100));
  faults.expect(are_texts(stop_strings), "stop_strings: expected a text or a list of at most 64, got {}",
                dump_json(stop_strings).substr(0, 100));
  faults.expect(agent_format == "plain" || agent_format == "compact", "agent_format: expected plain or compact, got \"{}\"",
                agent_format);
  faults.expect(!do_sample || temperature > 0, "temperature: expected above 0 for sampling, got {}", temperature);
}

std::vector<int64_t> GenerationConfig::end_tokens() const {
  if (eos_token_id.is_null()) return {};
  return eos_token_id.is_array() ? eos_token_id.get<std::vector<int64_t>>() : std::vector{eos_token_id.get<int64_t>()};
}

GenerationConfig read_generation_config(const std::filesystem::path& model_directory) {
  const auto file = model_directory / "generation_config.json";
  const auto model_file = model_directory / "config.json";
  const auto model = read_config<GenerationConfig>(read_json(model_file), model_file.string());
  if (!std::filesystem::exists(file)) return model;
  auto config = read_config<GenerationConfig>(read_json(file), file.string());
  if (config.eos_token_id.is_null()) config.eos_token_id = model.eos_token_id;
  return config;
}

GenerationSettings settings_of(const GenerationConfig& config, const GenerationOptions& options, int64_t max_tokens) {
  GenerationSettings settings;
  settings.max_tokens = options.max_tokens ? *options.max_tokens : config.max_new_tokens.value_or(max_tokens);
  settings.min_tokens = options.min_tokens ? *options.min_tokens : std::min(config.min_new_tokens, settings.max_tokens);
  settings.eos = config.end_tokens();
  settings.sample = options.sample.value_or(config.do_sample);
  settings.temperature = options.temperature.value_or(config.temperature > 0 ? config.temperature : 1);
  settings.top_k = options.top_k ? *options.top_k : settings.sample ? config.top_k : 0;
  settings.top_p = options.top_p.value_or(config.top_p > 0 ? config.top_p : 1);
  settings.repetition_penalty = options.repetition_penalty.value_or(config.repetition_penalty);
  settings.beams = options.beams ? *options.beams : settings.sample ? 1 : config.num_beams;
  settings.length_penalty = options.length_penalty.value_or(config.length_penalty);
  settings.early_stopping = config.early_stopping == true;
  settings.seed = options.seed.value_or(0);
  settings.deadline = options.deadline;
  return settings;
}

GenerationSettings settings_of(const GenerationConfig& config, const GenerationOptions& options, int64_t prompt_tokens,
                               int64_t max_length) {
  GenerationConfig own = config;
  const int64_t most = std::max<int64_t>(1, config.max_length.value_or(max_length) - prompt_tokens);
  if (!own.max_new_tokens) own.max_new_tokens = most;
  if (own.min_new_tokens == 0 && config.min_length) own.min_new_tokens = std::max<int64_t>(0, *config.min_length - prompt_tokens);
  return settings_of(own, options, most);
}

std::vector<std::string> stops_of(const GenerationConfig& config, const GenerationOptions& options) {
  std::vector<std::string> stops = options.stop;
  if (config.stop_strings.is_string()) stops.push_back(config.stop_strings);
  if (config.stop_strings.is_array())
    for (const json& stop : config.stop_strings) stops.push_back(stop);
  return stops;
}

GenerationSettings within_context(GenerationSettings settings, int64_t prompt_tokens, int64_t context) {
  check(prompt_tokens < context, "prompt: expected fewer than {} tokens (max_position_embeddings), got {}", context, prompt_tokens);
  settings.max_tokens = std::min(settings.max_tokens, context - prompt_tokens);
  settings.min_tokens = std::min(settings.min_tokens, settings.max_tokens);
  settings.validate();
  return settings;
}

}  // namespace omma
