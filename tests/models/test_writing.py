"""Words written one by one, with keys and values kept, are those of whole forwards."""

import torch

from robustlab.corpora import reasoning
from robustlab.models.reasoner import Reasoner


def reasoner() -> Reasoner:
    documents = reasoning.generate(40, sentences=(5, 8))
    return Reasoner.small(documents, chain=True, d_model=16, heads=2, d_ff=32)


def test_each_words_logits_are_those_of_a_whole_forward() -> None:
    made = reasoner()
    model = made.model.double().eval()
    batch = made.batch(reasoning.generate(3, sentences=(5, 8), first=50))
    labels = batch["labels"].clamp_min(0)
    inputs = {name: batch[name] for name in ("attention_mask", "paragraphs")}
    whole = model(input_ids=batch["input_ids"], decoder_input_ids=labels, **inputs)
    states = model.get_encoder()(batch["input_ids"], **inputs)
    past, found = None, []
    for piece in (labels[:, :3], labels[:, 3:4], labels[:, 4:]):
        output = model(
            encoder_outputs=(states,),
            attention_mask=batch["attention_mask"],
            decoder_input_ids=piece,
            past_key_values=past,
            use_cache=True,
        )
        past = output.past_key_values
        found.append(output.logits)
    torch.testing.assert_close(torch.cat(found, 1), whole.logits, rtol=1e-9, atol=1e-9)
    assert whole.past_key_values is None


def test_greedy_answers_are_the_most_probable_words_of_whole_forwards() -> None:
    made = reasoner()
    model = made.model.eval()
    documents = reasoning.generate(4, sentences=(5, 8), first=60)
    batch = made.batch(documents, answers=False)
    inputs = {name: batch[name] for name in ("input_ids", "attention_mask", "paragraphs")}
    ids = torch.full((4, 1), model.config.decoder_start_token_id)
    with torch.no_grad():
        for _ in range(6):
            ids = torch.cat([ids, model(decoder_input_ids=ids, **inputs).logits[:, -1:].argmax(-1)], 1)
    for row, words in enumerate(made.write(documents)):
        assert words[:6] == ids[row, 1:].tolist()[: len(words)]
