#include "omma/eval/click_sessions.h"

#include <algorithm>
#include <utility>

#include "omma/base/error.h"
#include "omma/vision/run_lengths.h"

namespace omma {
namespace {

constexpr std::size_t batch = 64;  // prompts at a time

struct Session {
  const SegmentationTarget* object = nullptr;
  std::size_t place = 0;
  std::vector<PointPrompt> points = {};
  RunLengths found = {};
  MaskLogits logits = {};
};

// The mask that the model expects most of; of equals the first.
const SegmentedMask& most_promising(const std::vector<SegmentedMask>& masks) {
  check(!masks.empty(), "segmentation evaluation: expected a mask for each prompt");
  return *std::ranges::max_element(masks, {}, &SegmentedMask::predicted_iou);
}

// Which click is answered, and how. A session stays with `single`, by which a first click is looked at: the logits that follow are
// of the same part of the picture then.
struct Turn {
  bool first, multimask, single, keep_logits;
};

// Answers the sessions' clicks so far; what the masks of the first are worth is told.
void answer(Segmenter& segmenter, const ImageEmbedding& image, std::vector<Session*>& sessions, const Turn& turn,
            std::vector<ClickedObject>& results) {
  std::vector<SegmentationPrompt> prompts;
  for (Session* session : sessions) {
    SegmentationPrompt& prompt = prompts.emplace_back();
    prompt.points = session->points;
    if (!turn.first) prompt.mask = std::move(session->logits);
  }
  auto answers =
      segmenter.segment_encoded(image, prompts, {.multimask = turn.multimask, .single = turn.single, .logits = turn.keep_logits})
          .objects;
  check(answers.size() == sessions.size(), "segmentation evaluation: expected answers to {} prompts, got {}", sessions.size(),
        answers.size());
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    Session& session = *sessions[i];
    ClickedObject& result = results[session.place];
    if (turn.first)
      for (const SegmentedMask& mask : answers[i])
        result.first.push_back({.predicted = mask.predicted_iou, .iou = intersection_over_union(mask.mask, session.object->mask)});
    const SegmentedMask& best = most_promising(answers[i]);
    result.ious.push_back(intersection_over_union(best.mask, session.object->mask));
    session.found = best.mask;
    session.logits = best.logits;
  }
}

void click_batch(Segmenter& segmenter, const ImageEmbedding& image, std::vector<Session>& sessions, const ClickOptions& options,
                 const NextClick& next_click, std::vector<ClickedObject>& results) {
  std::vector<Session*> open;
  for (Session& session : sessions) open.push_back(&session);
  for (int click = 0; click < options.clicks; ++click) {
    std::erase_if(open, [&](Session* session) {
      const auto point = next_click(session->place, session->object->mask, session->found);
      if (point) session->points.push_back(*point);
      return !point.has_value();
    });
    const bool first = click == 0, last = click + 1 == options.clicks;
    const Turn turn{.first = first, .multimask = first && options.multimask, .single = !options.multimask, .keep_logits = !last};
    if (!open.empty()) answer(segmenter, image, open, turn, results);
  }
  for (const Session& session : sessions) {  // what was found before the last click stays so
    std::vector<double>& ious = results[session.place].ious;
    ious.resize(static_cast<std::size_t>(options.clicks), ious.empty() ? 0 : ious.back());
  }
}

}  // namespace

std::vector<ClickedObject> click_objects(Segmenter& segmenter, const ImageEmbedding& image,
                                         const std::vector<const SegmentationTarget*>& objects, const ClickOptions& options,
                                         const NextClick& next_click) {
  std::vector<ClickedObject> results(objects.size());
  for (std::size_t begin = 0; begin < objects.size(); begin += batch) {
    std::vector<Session> sessions;
    for (std::size_t i = begin; i < std::min(objects.size(), begin + batch); ++i)
      sessions.push_back({.object = objects[i], .place = i});
    click_batch(segmenter, image, sessions, options, next_click, results);
  }
  return results;
}

std::vector<std::vector<SegmentedMask>> segment_in_batches(Segmenter& segmenter, const ImageEmbedding& image,
                                                           const std::vector<SegmentationPrompt>& prompts,
                                                           const SegmentationOptions& options) {
  std::vector<std::vector<SegmentedMask>> masks;
  for (std::size_t begin = 0; begin < prompts.size(); begin += batch) {
    const auto part = std::span(prompts).subspan(begin, std::min(batch, prompts.size() - begin));
    for (auto& object : segmenter.segment_encoded(image, part, options).objects) masks.push_back(std::move(object));
  }
  return masks;
}

}  // namespace omma
