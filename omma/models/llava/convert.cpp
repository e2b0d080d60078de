#include "omma/models/llava/convert.h"

#include <algorithm>
#include <string>

#include "omma/base/error.h"
#include "omma/models/llava/checkpoint.h"
#include "omma/models/llava/original.h"
#include "omma/models/llava/original_model.h"
#include "omma/models/llava/original_tokens.h"
#include "omma/models/llava/original_weights.h"
#include "omma/text/chat_template.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// Where the authors' prompts put a token before and behind each picture, the template does.
std::string template_source(const OriginalLlava& original, const std::string& talk) {
  std::string source = ChatTemplate::built_in_source(talk);
  const std::string place = "<image>", marked = "<im_start><image><im_end>";
  if (!original.mm_use_im_start_end) return source;
  for (std::size_t at = 0; (at = source.find(place, at)) != std::string::npos; at += marked.size())
    source.replace(at, place.size(), marked);
  return source;
}

}  // namespace

bool is_original_llava(const ConversionSource& source) {
  if (source.config_file && fs::exists(*source.config_file)) return is_original_config(read_json(*source.config_file));
  return std::ranges::any_of(source.file.tensors(),
                             [](const TensorView& view) { return view.name.find("mm_projector.") != std::string::npos; });
}

void convert_llava(const ConversionSource& source, const fs::path& to) {
  const OriginalLlava original = open_original_llava(source);
  const std::string where = source.from.string();
  OriginalWeights weights = original_weights(source, original);
  const OriginalTower tower = add_tower(original, weights.tensors);
  LlavaConfig config = llava_config_of(original, tower.config);
  if (original.linear()) add_identity(weights.tensors, config.text_config.hidden_size);
  const TensorFile file = weights.tensors.file();
  const torch::Dtype dtype = dtype_of_words(file);
  const Llava model = load_model<Llava>(config, file, original_llava_keys(config), where, {.dtype = dtype});

  const LlavaTokens tokens = llava_tokens(original, source.beside, weights.base, config.text_config.vocab_size);
  config.text_config.vocab_size = rows_for(tokens.count, config.text_config.vocab_size);
  config.image_token_index = tokens.image_token;
  Faults faults(original.where);
  config.validate(faults);
  faults.raise();
  const std::string talk = chat_template_of(original, weights.projector_alone);
  const TensorFile grown = with_vocabulary(*model, config.text_config.vocab_size);
  const LlavaCheckpoint checkpoint{.model = load_model<Llava>(config, grown, {}, where, {.dtype = dtype}),
                                   .tokenizer = tokens.reader,
                                   .processor = LlavaProcessor(config, tower.processor, original.aspect()),
                                   .generation = original_generation(original, source, weights.base, talk)};
  save_llava(to, checkpoint,
             {.tokenizer = tokens.tokenizer,
              .tokenizer_config = tokens.tokenizer_config,
              .chat_template = template_source(original, talk)},
             dtype);
}

}  // namespace omma
