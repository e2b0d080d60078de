// A Video-LLaVA checkpoint as the partner of a conversation about pictures and clips.
#pragma once

#include <filesystem>
#include <string>

#include "omma/models/video_llava/checkpoint.h"
#include "omma/models/visual_chat.h"

namespace omma {

class VideoLlavaChat : public VisualChat {
 public:
  // `chat_template` as find_chat_template() takes it; "": the directory's own. Throws std::invalid_argument.
  explicit VideoLlavaChat(const std::filesystem::path& directory, const LlavaOptions& options = {},
                          const std::string& chat_template = "");
  VideoLlavaChat(VideoLlavaCheckpoint checkpoint, ChatTemplate chat_template);
};

}  // namespace omma
