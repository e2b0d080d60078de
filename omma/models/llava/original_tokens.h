// The tokenizer of LLaVA's authors with what transformers' LLaVA needs beside: the places of pictures are a token there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "omma/base/json.h"
#include "omma/models/llava/original.h"
#include "omma/text/tokenizer.h"

namespace omma {

struct LlavaTokens {
  json tokenizer;         // tokenizer.json
  json tokenizer_config;  // tokenizer_config.json
  Tokenizer reader;       // of the first
  int64_t image_token = 0;
  int64_t video_token = 0;  // where there are clips
  int64_t count = 0;        // of tokens, those that were added among them
};

// The tokenizer of the checkpoint's directory, else of its base's: tokenizer.json, or what tokenizer.model amounts to. Special
// tokens are added behind it where they are not there: those of the authors that the config asks for (<im_patch>, <im_start>,
// <im_end>, as their llava/model/builder.py has it), then <image> and <pad>, as transformers' own conversion does; with clips
// <video> between them, and a blank stands behind each special token, since the authors' code tokenises each text between pictures
// by itself. `rows` is the size of the model's vocabulary, which is larger where the embeddings have such tokens already. Throws
// std::invalid_argument where there is no tokenizer, with the command that fetches one; where it does not fit `rows`; and where
// <im_start> has no row.
LlavaTokens llava_tokens(const OriginalLlava& original, const std::filesystem::path& directory,
                         const std::optional<std::filesystem::path>& base, int64_t rows);

}  // namespace omma
