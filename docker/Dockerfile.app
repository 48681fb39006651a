# Everything of Tingsu but rasa: gateway, desk, worker, action server, Telegram's poller. The command says which.
# Build from the root of the checkout: docker build -f docker/Dockerfile.app -t tingsu-app .
FROM python:3.11-slim-bookworm AS packages
COPY requirements/uv.txt requirements/app.txt /requirements/
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements/uv.txt \
 && /venv/bin/uv pip install --no-cache --require-hashes --python /venv/bin/python -r /requirements/app.txt

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home tingsu && install -d -o tingsu -g tingsu /var/lib/tingsu
COPY --from=packages /venv /venv
WORKDIR /app
COPY domain.yml ./
COPY docker/healthy.py docker/
COPY data/organisation.yml data/
COPY data/policy data/policy
COPY bot bot
COPY actions actions
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TINGSU_VAR_DIR=/var/lib/tingsu
USER tingsu
ENTRYPOINT ["python", "-m", "bot"]
CMD ["--help"]
