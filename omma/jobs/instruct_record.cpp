#include "omma/jobs/instruct_record.h"

#include "omma/base/error.h"

namespace omma {
namespace {

json json_of(const InstructionRound& round) { return {{"question", round.question}, {"answer", round.answer}}; }
InstructionRound round_of(const json& object) { return {.question = object.at("question"), .answer = object.at("answer")}; }

}  // namespace

std::optional<InstructionSample> InstructRecord::sample() const {
  if (checked.rounds.empty()) return std::nullopt;
  return InstructionSample{.id = id, .image = image, .rounds = checked.rounds};
}

json to_json(const InstructRecord& record) {
  json object = {{"id", record.id}, {"image", record.image}, {"kind", name_of(record.kind)}, {"prompt", record.prompt}};
  if (!record.fault.empty()) object["fault"] = record.fault;
  if (!record.reply) return object;
  object["reply"] = record.reply->text;
  object["prompt_tokens"] = record.reply->prompt_tokens;
  object["tokens"] = record.reply->tokens;
  if (record.reply->is_cut) object["cut"] = true;
  object["rounds"] = json::array();
  for (const InstructionRound& round : record.checked.rounds) object["rounds"].push_back(json_of(round));
  for (const RefusedRound& refused : record.checked.refused) {
    json round = json_of(refused.round);
    round["reason"] = refused.reason;
    round["why"] = refused.why;
    object["refused"].push_back(std::move(round));
  }
  for (std::size_t verdict = 0; verdict < record.checked.facts.size(); ++verdict)
    object["facts"][std::string(name_of(static_cast<Verdict>(verdict)))] = record.checked.facts[verdict];
  return object;
}

InstructRecord read_instruct_record(std::string_view line, std::string_view where) {
  const json object = parse_json(line, where);
  try {
    InstructRecord record{.id = object.at("id"),
                          .image = object.at("image"),
                          .kind = parse_instruct_kind(object.at("kind").get<std::string>()),
                          .prompt = object.at("prompt"),
                          .reply = {},
                          .checked = {},
                          .fault = object.value("fault", "")};
    if (!object.contains("reply")) return record;
    record.reply = {.text = object.at("reply"),
                    .prompt_tokens = object.at("prompt_tokens"),
                    .tokens = object.at("tokens"),
                    .is_cut = object.value("cut", false)};
    for (const json& round : object.at("rounds")) record.checked.rounds.push_back(round_of(round));
    for (const json& refused : object.value("refused", json::array()))
      record.checked.refused.push_back({.round = round_of(refused), .reason = refused.at("reason"), .why = refused.at("why")});
    for (std::size_t verdict = 0; verdict < record.checked.facts.size(); ++verdict)
      record.checked.facts[verdict] = object.at("facts").at(std::string(name_of(static_cast<Verdict>(verdict))));
    return record;
  } catch (const json::exception& error) {
    fail("{}: no record of instruction data: {}", where, error.what());
  }
}

}  // namespace omma
