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

// Answers the sessions' clicks so far: three masks for the first click, all of which are told.
void answer(Segmenter& segmenter, const ImageEmbedding& image, std::vector<Session*>& sessions, bool first, bool keep_logits,
            std::vector<ClickedObject>& results) {
  std::vector<SegmentationPrompt> prompts;
  for (Session* session : sessions) {
    SegmentationPrompt& prompt = prompts.emplace_back();
    prompt.points = session->points;
    if (!first) prompt.mask = std::move(session->logits);
  }
  auto answers = segmenter.segment_encoded(image, prompts, {.multimask = first, .logits = keep_logits}).objects;
  check(answers.size() == sessions.size(), "segmentation evaluation: expected answers to {} prompts, got {}", sessions.size(),
        answers.size());
  for (std::size_t i = 0; i < sessions.size(); ++i) {
    Session& session = *sessions[i];
    ClickedObject& result = results[session.place];
    if (first)
      for (const SegmentedMask& mask : answers[i])
        result.first.push_back({.predicted = mask.predicted_iou, .iou = intersection_over_union(mask.mask, session.object->mask)});
    const SegmentedMask& best = most_promising(answers[i]);
    result.ious.push_back(intersection_over_union(best.mask, session.object->mask));
    session.found = best.mask;
    session.logits = best.logits;
  }
}

void click_batch(Segmenter& segmenter, const ImageEmbedding& image, std::vector<Session>& sessions, int clicks,
                 const NextClick& next_click, std::vector<ClickedObject>& results) {
  std::vector<Session*> open;
  for (Session& session : sessions) open.push_back(&session);
  for (int click = 0; click < clicks; ++click) {
    std::erase_if(open, [&](Session* session) {
      const auto point = next_click(session->place, session->object->mask, session->found);
      if (point) session->points.push_back(*point);
      return !point.has_value();
    });
    if (!open.empty()) answer(segmenter, image, open, click == 0, click + 1 < clicks, results);
  }
  for (const Session& session : sessions) {  // what was found before the last click stays so
    std::vector<double>& ious = results[session.place].ious;
    ious.resize(static_cast<std::size_t>(clicks), ious.empty() ? 0 : ious.back());
  }
}

}  // namespace

std::vector<ClickedObject> click_objects(Segmenter& segmenter, const ImageEmbedding& image,
                                         const std::vector<const SegmentationTarget*>& objects, int clicks,
                                         const NextClick& next_click) {
  std::vector<ClickedObject> results(objects.size());
  for (std::size_t begin = 0; begin < objects.size(); begin += batch) {
    std::vector<Session> sessions;
    for (std::size_t i = begin; i < std::min(objects.size(), begin + batch); ++i)
      sessions.push_back({.object = objects[i], .place = i});
    click_batch(segmenter, image, sessions, clicks, next_click, results);
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
