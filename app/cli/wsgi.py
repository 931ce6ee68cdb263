"""What the web server loads: the application, made once in each of its processes."""

from app.factory import create_app

app = create_app()
