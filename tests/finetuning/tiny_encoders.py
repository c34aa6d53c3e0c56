"""Tiny encoders of several families, with random weights, as transformers saves them."""

from transformers import (
    BertConfig,
    BertModel,
    DebertaV2Config,
    DebertaV2Model,
    ModernBertConfig,
    ModernBertModel,
    MPNetConfig,
    MPNetModel,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
)

FAMILIES = {
    "bert": (BertConfig, BertModel, {}),
    "roberta": (RobertaConfig, RobertaModel, {"type_vocab_size": 1, "pad_token_id": 1}),
    "deberta": (
        DebertaV2Config,
        DebertaV2Model,
        {
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "type_vocab_size": 0,
            "position_buckets": 8,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
        },
    ),
    "mpnet": (MPNetConfig, MPNetModel, {"pad_token_id": 1}),
    "modernbert": (
        ModernBertConfig,
        ModernBertModel,
        {
            "pad_token_id": 0,
            "global_attn_every_n_layers": 2,
            "cls_token_id": 2,
            "bos_token_id": 2,
            "sep_token_id": 3,
            "eos_token_id": 3,
        },
    ),
}


def write_encoder(family, folder):
    """Write an encoder without a head, and a tokenizer of its family's special tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    padding_id = FAMILIES[family][2].get("pad_token_id", 0)
    names = (
        ["<s>", "<pad>", "</s>", "<unk>"] if padding_id else ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    )
    words = ["the", "two", "powers", "met", "it", "rained", "and", "they", "trade", "again"]
    vocabulary = {piece: index for index, piece in enumerate([*names, *words])}
    unknown, start, end, padding = (
        (names[3], names[0], names[2], names[1])
        if padding_id
        else (names[1], names[2], names[3], names[0])
    )
    raw = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    raw.post_processor = processors.BertProcessing(
        (end, vocabulary[end]), (start, vocabulary[start])
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token=unknown, pad_token=padding, cls_token=start, sep_token=end
    )
    tokenizer.save_pretrained(folder)
    config_class, model_class, options = FAMILIES[family]
    config = config_class(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=34,
        **options,
    )
    model_class(config).save_pretrained(folder)
