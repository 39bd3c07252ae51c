"""Opening a tokenizer so that threads may share it."""

from tokenizers import Tokenizer

from rag.errors import ModelError


def open_tokenizer(content: bytes) -> Tokenizer:
    """The tokenizer of a ``tokenizer.json``, with neither truncation nor padding.

    A tokenizer whose truncation or padding is changed while another thread encodes fails with "Already
    borrowed"; this one is set once, here, and must not be set again.

    Raises:
        ModelError: the content is not a tokenizer.
    """
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the library raises Exception itself
        raise ModelError(f"the tokenizer cannot be read: {error}", hint="export the model again") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.encode_special_tokens = True
    return tokenizer
