#include "omma/text/marked_text.h"

#include <algorithm>

namespace omma {

namespace {

// The first span that ends after `at`.
auto span_at(const std::vector<TextSpan>& spans, std::size_t at) {
  return std::upper_bound(spans.begin(), spans.end(), at,
                          [](std::size_t position, const TextSpan& span) { return position < span.end; });
}

}  // namespace

MarkedText MarkedText::trusted(std::string text) { return {std::move(text), {}}; }

MarkedText MarkedText::outside(std::string text) {
  MarkedText marked{std::move(text), {}};
  marked.mark(0, marked.size());
  return marked;
}

bool MarkedText::is_untrusted(std::size_t at) const {
  const auto span = span_at(untrusted, at);
  return span != untrusted.end() && span->begin <= at;
}

void MarkedText::mark(std::size_t begin, std::size_t end) {
  if (begin == end) return;
  if (!untrusted.empty() && untrusted.back().end == begin) {
    untrusted.back().end = end;
  } else {
    untrusted.push_back({begin, end});
  }
}

void MarkedText::append(std::string_view more, bool is_outside) {
  text += more;
  if (is_outside) mark(size() - more.size(), size());
}

void MarkedText::append(const MarkedText& more, std::size_t begin, std::size_t end) {
  const std::size_t start = size();
  text.append(more.text, begin, end - begin);
  for (auto span = span_at(more.untrusted, begin); span != more.untrusted.end() && span->begin < end; ++span)
    mark(start + std::max(span->begin, begin) - begin, start + std::min(span->end, end) - begin);
}

MarkedText MarkedText::slice(std::size_t begin, std::size_t end) const {
  MarkedText part;
  part.append(*this, begin, end);
  return part;
}

}  // namespace omma
