#include "omma/text/told_text.h"

#include <utility>

namespace omma {

ToldText::ToldText(std::vector<std::string> stops, Listener listener) : stops_(std::move(stops)), listener_(std::move(listener)) {}

void ToldText::push(std::string_view piece) {
  if (wants_more()) tell(stops_.push(piece));
}

void ToldText::finish() {
  if (wants_more()) tell(stops_.finish());
}

void ToldText::tell(const std::string& piece) {
  text_ += piece;
  cancelled_ = !piece.empty() && listener_ && !listener_(piece);
}

}  // namespace omma
