// What a chat server says is wrong.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "omma/base/json.h"

namespace omma {

struct ChatError {
  std::string message;         // one safe line
  std::string code = {};       // "insufficient_quota", "unsupported_parameter", "503"; "" where none is told
  std::string parameter = {};  // of the request, that the server refuses; "" where none is told
  bool foreign = false;        // not in the form of a chat server: whoever answers may be none
};

// The error in an object that a server sent, in any of the forms in use: {"error": {"message": ...}}, {"error": "..."}, the same in
// a list (Gemini), {"object": "error", "message": ...} (vLLM), {"detail": ...} (FastAPI). nullopt for a completion.
std::optional<ChatError> error_in(const json& object);

// The body of a status other than 200, or one that is no completion, whatever it is: JSON, a web page, nothing.
ChatError error_of_body(std::string_view body);

}  // namespace omma
