// omma eval caption, retrieval, matching and vqa: what a model says about the pictures of a data set.
#include <memory>
#include <sstream>

#include "apps/eval.h"
#include "apps/language_evaluation.h"
#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/eval/caption_evaluation.h"
#include "omma/eval/matching_evaluation.h"
#include "omma/eval/question_evaluation.h"
#include "omma/eval/retrieval.h"
#include "omma/models/zoo.h"

namespace omma::app {
namespace {

std::unique_ptr<CaptionDataset> open_captions(const LanguageEvalOptions& options) {
  auto dataset = open_caption_dataset(options.data, options.split, {.max_fault_share = options.max_fault_share});
  log_faults(dataset->report(), options.data);
  return dataset;
}

struct EvalCaptionOptions : LanguageEvalOptions {
  CaptionOptions caption;
};

int run_eval_caption(EvalCaptionOptions options) {
  const auto model = prepare(options, "caption");
  options.caption.generation.sample = samples(options.caption.generation);
  const auto dataset = open_captions(options);
  const auto captioner = load_captioner(model, load_options(options));
  const CaptionEvaluation evaluation = evaluate_captions(
      *captioner, *dataset,
      {.caption = options.caption, .count = options.count, .batch = options.batch, .max_fault_share = options.max_fault_share});
  std::vector<json> lines;
  for (const JudgedCaption& each : evaluation.captions) {
    lines.push_back(
        {{"key", each.sample.key}, {"caption", each.caption}, {"references", each.sample.captions}, {"cider", each.cider}});
    if (!each.sample.objects.empty()) lines.back()["exact"] = each.exact;
  }
  report(evaluation.to_json(), lines, model, dataset->report(), evaluation.left_out, options);
  return kDone;
}

struct EvalRetrievalOptions : LanguageEvalOptions {
  std::optional<std::size_t> rerank;
};

// From 1; null where no right one was among the candidates.
json json_of_rank(std::span<const std::size_t> ranks, std::size_t index) {
  return ranks[index] == not_ranked ? json() : json(ranks[index] + 1);
}

int run_eval_retrieval(const EvalRetrievalOptions& options) {
  const auto model = prepare(options, "match");
  const auto dataset = open_captions(options);
  const auto matcher = load_matcher(model, load_options(options));
  const RetrievalEvaluation evaluation =
      evaluate_retrieval(*matcher, *dataset,
                         {.count = options.count,
                          .rerank = options.rerank.value_or(matcher->has_itm() ? RetrievalOptions().rerank : 0),
                          .batch = options.batch,
                          .max_fault_share = options.max_fault_share});
  std::vector<json> lines;
  const auto add = [&](const char* name, const std::vector<std::string>& queries, const auto ranks) {
    for (std::size_t i = 0; i < queries.size(); ++i) {
      lines.push_back({{name, queries[i]}, {"itc_rank", json_of_rank(evaluation.itc.*ranks, i)}});
      if (evaluation.rerank > 0) lines.back()["rank"] = json_of_rank(evaluation.itm.*ranks, i);
    }
  };
  add("key", evaluation.image_keys, &RetrievalRanks::images);
  add("text", evaluation.texts, &RetrievalRanks::texts);
  report(evaluation.to_json(), lines, model, dataset->report(), evaluation.left_out, options);
  return kDone;
}

int run_eval_matching(const LanguageEvalOptions& options) {
  const auto model = prepare(options, "match");
  const auto dataset = open_captions(options);
  const auto matcher = load_matcher(model, load_options(options));
  const MatchingEvaluation evaluation =
      evaluate_matching(*matcher, *dataset, {.count = options.count, .max_fault_share = options.max_fault_share});
  const std::string score = evaluation.by_cosine ? "_itc" : "_itm";
  std::vector<json> lines;
  for (const JudgedPair& pair : evaluation.pairs)
    lines.push_back({{"key", pair.key},
                     {"noise", pair.noise},
                     {"right", pair.right},
                     {"right" + score, pair.right_score},
                     {"wrong", pair.wrong},
                     {"wrong" + score, pair.wrong_score}});
  report(evaluation.to_json(), lines, model, dataset->report(), evaluation.left_out, options);
  return kDone;
}

struct EvalVqaOptions : LanguageEvalOptions {
  AnswerOptions answer;
  bool ask_short = false;
  std::filesystem::path choices;
};

std::vector<std::string> read_lines(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::istringstream text(read_file(file));
  for (std::string line; std::getline(text, line);)
    if (!line.empty()) lines.push_back(line);
  check(!lines.empty(), "{}: expected an answer a line", file.string());
  return lines;
}

int run_eval_vqa(EvalVqaOptions options) {
  const auto model = prepare(options, "answer", options.choices);
  options.answer.generation.sample = samples(options.answer.generation);
  if (!options.choices.empty()) options.answer.answers = read_lines(options.choices);
  const auto dataset = open_question_dataset(options.data, options.split, {.max_fault_share = options.max_fault_share});
  log_faults(dataset->report(), options.data);
  const auto answerer = load_answerer(model, load_options(options));
  const QuestionEvaluation evaluation = evaluate_answers(*answerer, *dataset,
                                                         {.answer = options.answer,
                                                          .ask_short = options.ask_short,
                                                          .count = options.count,
                                                          .batch = options.batch,
                                                          .max_fault_share = options.max_fault_share});
  std::vector<json> lines;
  for (const JudgedAnswer& each : evaluation.answers)
    lines.push_back({{"key", each.sample.key},
                     {"question", each.sample.question},
                     {"type", each.sample.type},
                     {"answers", each.sample.answers},
                     {"answer", each.answer},
                     {"accuracy", each.accuracy},
                     {"blind_answer", each.blind_answer},
                     {"blind_accuracy", each.blind_accuracy}});
  report(evaluation.to_json(), lines, model, dataset->report(), evaluation.left_out, options);
  return kDone;
}

}  // namespace

void add_eval_caption(CLI::App& eval) {
  auto options = std::make_shared<EvalCaptionOptions>();
  CLI::App& command = *eval.add_subcommand("caption", "BLEU, CIDEr-D; of the world also whether every object is named");
  command.add_option("--prompt", options->caption.prompt, "what captions begin with")->type_name("TEXT");
  add_generation_flags(command, options->caption.generation);
  add_data_flags(command, *options, "world, coco, blip, folder or webdataset");
  add_command(command, "omma eval caption --data world:seed=7,captions=exact,references=5,count=100 --split test",
              [options] { return run_eval_caption(*options); });
}

void add_eval_retrieval(CLI::App& eval) {
  auto options = std::make_shared<EvalRetrievalOptions>();
  CLI::App& command = *eval.add_subcommand("retrieval", "recall@1, 5 and 10 of texts for pictures and pictures for texts");
  command
      .add_option("--rerank", options->rerank,
                  "candidates that image-text matching orders anew; 0: embeddings alone; default: 32, of models without matching 0")
      ->type_name("K");
  add_data_flags(command, *options, "world, coco, blip, folder or webdataset");
  add_command(command, "omma eval retrieval --data world:seed=7,captions=exact,references=1,count=100 --split test",
              [options] { return run_eval_retrieval(*options); });
}

void add_eval_matching(CLI::App& eval) {
  auto options = std::make_shared<LanguageEvalOptions>();
  options->data = "world:noise=1,captions=1,objects=1-3";
  CLI::App& command = *eval.add_subcommand("matching", "true captions against wrong ones, by kind of noise");
  add_data_flags(command, *options, "world (noise=1) or webdataset (of omma render --noise)");
  add_command(command, "omma eval matching --data world:seed=7,noise=1,captions=1,objects=1-3,count=100 --split test",
              [options] { return run_eval_matching(*options); });
}

void add_eval_vqa(CLI::App& eval) {
  auto options = std::make_shared<EvalVqaOptions>();
  CLI::App& command = *eval.add_subcommand("vqa", "VQA accuracy by type of question, beside majority and a grey picture");
  command.add_option("--choices", options->choices, "choose among these answers, one a line")->type_name("FILE");
  add_ask_short_flag(command, options->ask_short);
  add_generation_flags(command, options->answer.generation);
  add_data_flags(command, *options, "world, jsonl or vqa");
  add_command(command, "omma eval vqa --data world:seed=7,count=100,questions=4 --split test",
              [options] { return run_eval_vqa(*options); });
}

}  // namespace omma::app
