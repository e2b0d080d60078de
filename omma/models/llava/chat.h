// A LLaVA checkpoint as the partner of a conversation about pictures.
#pragma once

#include <filesystem>
#include <string>

#include "omma/models/llava/checkpoint.h"
#include "omma/models/visual_chat.h"

namespace omma {

class LlavaChat : public VisualChat {
 public:
  // `chat_template` as find_chat_template() takes it; "": the directory's own. Throws std::invalid_argument.
  explicit LlavaChat(const std::filesystem::path& directory, const LlavaOptions& options = {},
                     const std::string& chat_template = "");
  LlavaChat(LlavaCheckpoint checkpoint, ChatTemplate chat_template);
};

}  // namespace omma
