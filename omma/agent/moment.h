// When in a clip a question means.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace omma {

struct AskedMoment {
  double seconds = 0;    // from the clip's beginning, at most its duration: the last frame
  std::string question;  // without the words that told it
};

// Of a clip of `duration` seconds: "at the end", "in the last frame", "at the beginning", "in the middle", "after 3 seconds",
// "at 0:12", each with or without "of the clip". The last one counts where there are several; none where no words of this kind are
// there.
std::optional<AskedMoment> moment_in(std::string_view question, double duration);

}  // namespace omma
