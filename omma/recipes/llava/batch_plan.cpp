#include "omma/recipes/llava/batch_plan.h"

#include <algorithm>
#include <tuple>

#include "omma/base/rng.h"

namespace omma {
namespace {

constexpr std::uint64_t group_stream = 0x67726f7570730000ULL;
constexpr std::size_t kept_groups = 3;  // as many as loaders may stand in at once

std::size_t length_of(const InstructionSample& sample) {
  std::size_t length = 0;
  for (const InstructionRound& round : sample.rounds) length += round.question.size() + round.answer.size();
  return length;
}

}  // namespace

BatchPlan::BatchPlan(std::shared_ptr<const InstructionDataset> data, std::uint64_t seed, int64_t batch_size, int64_t group,
                     bool blind)
    : data_(std::move(data)),
      seed_(seed),
      order_(seed ^ order_stream, data_->size()),
      batch_size_(static_cast<std::uint64_t>(batch_size)),
      group_(static_cast<std::uint64_t>(group)),
      blind_(blind) {}

std::vector<std::uint64_t> BatchPlan::batch(int64_t number) const {
  const auto place = static_cast<std::uint64_t>(number);
  return (*plan(place / group_))[place % group_];
}

std::shared_ptr<const BatchPlan::Group> BatchPlan::plan(std::uint64_t group) const {
  const std::lock_guard lock(mutex_);
  const auto known = std::ranges::find(recent_, group, &std::pair<std::uint64_t, std::shared_ptr<const Group>>::first);
  if (known != recent_.end()) return known->second;
  recent_.emplace_front(group, std::make_shared<const Group>(make(group)));
  if (recent_.size() > kept_groups) recent_.pop_back();
  return recent_.front().second;
}

BatchPlan::Group BatchPlan::make(std::uint64_t group) const {
  struct Entry {
    bool has_picture;
    std::size_t length;
    std::uint64_t number;
  };
  std::vector<Entry> entries;
  const std::uint64_t first = group * group_ * batch_size_;
  for (std::uint64_t number = first; number < first + group_ * batch_size_; ++number) {
    if (group_ == 1) {
      entries.push_back({.has_picture = false, .length = 0, .number = number});
      continue;
    }
    const InstructionSample sample = data_->sample(order_[number]);
    entries.push_back({.has_picture = !blind_ && !sample.image.empty(), .length = length_of(sample), .number = number});
  }
  std::ranges::sort(entries, {}, [](const Entry& each) { return std::tuple(each.has_picture, each.length, each.number); });
  Group batches(group_);
  for (std::size_t i = 0; i < entries.size(); ++i) batches[i / batch_size_].push_back(entries[i].number);
  Rng rng(seed_ ^ group_stream, group);
  rng.shuffle(batches);
  return batches;
}

}  // namespace omma
